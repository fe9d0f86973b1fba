import ProbeKit
import SystemIO
import SystemPackage

/// Samples which CPUs are on line, and whether the kernel is taking one on or off line.
///
/// The CPUs are those that existed when the reader was created. Reading takes about 1 µs a file, and two files a CPU.
///
/// Source: Documentation/core-api/cpu_hotplug.rst and Documentation/admin-guide/cputopology.rst.
package final class HotplugReader: Sendable {
    private let online: HeldFile
    private let processors: [(state: HeldFile, target: HeldFile)]

    /// - Returns: `nil` without a list of the CPUs that are on line.
    /// - Throws: ``KerfError`` when a file exists and cannot be opened.
    package init?(root: SystemRoot) throws(KerfError) {
        let directory = root.file("sys/devices/system/cpu")
        guard let online = try HeldFile(ifPresent: directory.appending("online")) else { return nil }
        self.online = online
        var processors: [(state: HeldFile, target: HeldFile)] = []
        for name in root.names(in: directory) where name.hasPrefix("cpu") && Int(name.dropFirst(3)) != nil {
            let files = directory.appending(name).appending("hotplug")
            // A kernel whose CPUs all stay on line has neither.
            guard let state = try HeldFile(ifPresent: files.appending("state")),
                let target = try HeldFile(ifPresent: files.appending("target"))
            else { continue }
            processors.append((state, target))
        }
        self.processors = processors
    }

    /// - Throws: ``KerfError`` when a held file can no longer be read or is malformed.
    package func read() throws(KerfError) -> OnlineProcessors {
        var isChanging = false
        for processor in processors where !isChanging {
            // The kernel walks from one state to the next until it has reached the target, which takes up to seconds.
            isChanging = try processor.state.counter() != processor.target.counter()
        }
        return OnlineProcessors(list: try online.text(), isChanging: isChanging)
    }
}
