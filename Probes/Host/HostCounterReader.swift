public import ProbeKit
import SystemPackage

/// Samples the host's counters around windows, with one `pread` a file and no path look-up.
///
/// Its throttle counters are those of the CPUs that were online when it was made.
public final class HostCounterReader: Sendable {
    private let times: HeldFile?
    private let process: HeldFile?
    private let coreThrottles: [HeldFile]
    private let packageThrottles: [HeldFile]

    /// - Throws: ``ProbeError`` when a counter is there and cannot be opened; one that is not there stays `nil` in
    ///   the samples.
    public init(root: SystemRoot) throws(ProbeError) {
        times = try Self.hold(root.file("proc/stat"))
        process = try Self.hold(root.file("proc/self/stat"))
        let directory = root.file("sys/devices/system/cpu")
        let threads = CPUTopology.threads(root)
        // Threads of a core show one counter, and so do the cores of a package. Without a topology all are taken:
        // a change still shows, counted several times.
        let names = root.names(in: directory).filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
        let cores = threads.isEmpty ? names : threads.filter(\.leadsCore).map { "cpu\($0.number)" }
        let packages = threads.isEmpty ? names : threads.filter(\.leadsPackage).map { "cpu\($0.number)" }
        coreThrottles = try Self.hold(cores.map { directory.appending("\($0)/thermal_throttle/core_throttle_count") })
        packageThrottles = try Self.hold(
            packages.map { directory.appending("\($0)/thermal_throttle/package_throttle_count") })
    }

    /// - Throws: ``ProbeError`` when a held counter can no longer be read or makes no sense.
    public func read() throws(ProbeError) -> HostCounters {
        let instant = MonotonicInstant.now()
        return HostCounters(
            instant: instant,
            stealSeconds: try times.map { file throws(ProbeError) in
                try ProcessorTimes(parsing: try file.text(), path: file.path).steal
            } ?? nil,
            coreThrottleCount: try Self.sum(coreThrottles), packageThrottleCount: try Self.sum(packageThrottles),
            majorFaultCount: try process.map { file throws(ProbeError) in try Self.majorFaults(file) })
    }

    private static func hold(_ path: FilePath) throws(ProbeError) -> HeldFile? {
        do throws(ProbeError) {
            return try HeldFile(path)
        } catch {
            if error.code == .vanished { return nil }
            throw error
        }
    }

    private static func hold(_ paths: [FilePath]) throws(ProbeError) -> [HeldFile] {
        var files: [HeldFile] = []
        for path in paths { if let file = try hold(path) { files.append(file) } }
        return files
    }

    private static func sum(_ files: [HeldFile]) throws(ProbeError) -> UInt64? {
        var sum: UInt64 = 0
        for file in files { sum &+= try file.counter() }
        return files.isEmpty ? nil : sum
    }

    /// Field 12 of /proc/PID/stat, counted from behind the command's name, which may hold blanks and brackets.
    ///
    /// Source: proc(5).
    private static func majorFaults(_ file: HeldFile) throws(ProbeError) -> UInt64 {
        let text = try file.text()
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 10, let count = UInt64(fields[10]) else {
            throw ProbeError(.malformed, "no count of major faults in it", path: file.path)
        }
        return count
    }
}
