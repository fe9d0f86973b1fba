import ProbeKit
import SystemIO
import SystemPackage

/// Samples which CPUs are on line, and whether the kernel is taking one on or off line.
///
/// The CPUs are those that existed when the reader was created. Reading takes about 1 µs a file, and two files a CPU. A CPU
/// that goes and comes back between two samples is not seen. Of a box with more CPUs than ``maximumWatched`` only the list of
/// those on line is read: their files would take as many descriptors as a process may have.
///
/// Source: Documentation/core-api/cpu_hotplug.rst and Documentation/admin-guide/cputopology.rst.
package final class HotplugReader: Sendable {
    package static let maximumWatched = 128

    private let online: HeldFile
    private let processors: [Processor]

    private struct Processor: Sendable {
        let state: HeldFile
        let target: HeldFile
        let atFirst: Place

        init?(_ files: FilePath) throws(KerfError) {
            // A kernel whose CPUs all stay on line has neither.
            guard let state = try HeldFile(ifPresent: files.appending("state")),
                let target = try HeldFile(ifPresent: files.appending("target"))
            else { return nil }
            (self.state, self.target) = (state, target)
            atFirst = Place(state: try state.counter(), target: try target.counter())
        }

        /// The kernel walks from one state to the next until it has reached the target, which takes up to seconds. Before
        /// Linux 6.4 the CPU that it booted on has a target of 0 from the start, and is at rest all the same.
        func isChanging() throws(KerfError) -> Bool {
            let now = Place(state: try state.counter(), target: try target.counter())
            return now.state != now.target && now != atFirst
        }
    }

    private struct Place: Sendable, Hashable {
        var state: UInt64
        var target: UInt64
    }

    /// - Returns: `nil` without a list of the CPUs that are on line.
    /// - Throws: ``KerfError`` when a file exists and cannot be opened.
    package init?(root: SystemRoot) throws(KerfError) {
        let directory = root.file("sys/devices/system/cpu")
        guard let online = try HeldFile(ifPresent: directory.appending("online")) else { return nil }
        self.online = online
        let names = root.names(in: directory).filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
        var processors: [Processor] = []
        for name in names where names.count <= Self.maximumWatched {
            if let processor = try Processor(directory.appending(name).appending("hotplug")) {
                processors.append(processor)
            }
        }
        self.processors = processors
    }

    /// - Throws: ``KerfError`` when a held file can no longer be read or is malformed.
    package func read() throws(KerfError) -> OnlineProcessors {
        var isChanging = false
        for processor in processors where !isChanging { isChanging = try processor.isChanging() }
        return OnlineProcessors(list: try online.text(), isChanging: isChanging)
    }
}
