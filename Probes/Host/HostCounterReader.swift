public import ProbeKit
import SystemPackage

/// Samples the host's counters around windows, with one `pread` a file and no path look-up.
///
/// Its throttle counters are those of the CPUs that were online when it was made.
public final class HostCounterReader: Sendable {
    private let times: HeldFile?
    private let coreThrottles: [HeldFile]
    private let packageThrottles: [HeldFile]

    /// - Throws: ``ProbeError`` when a counter is there and cannot be opened; one that is not there stays `nil` in
    ///   the samples.
    public init(root: SystemRoot) throws(ProbeError) {
        times = try Self.hold(root.file("proc/stat"))
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

    /// All of them.
    ///
    /// - Throws: ``ProbeError`` when a held counter can no longer be read or makes no sense, as do those below.
    public func read() throws(ProbeError) -> HostCounters {
        HostCounters(
            stealSeconds: try processorTimes()?.steal, coreThrottleCount: try coreThrottleCount(),
            packageThrottleCount: try packageThrottleCount())
    }

    public func processorTimes() throws(ProbeError) -> ProcessorTimes? {
        guard let times else { return nil }
        return try ProcessorTimes(parsing: try times.text(), path: times.path)
    }

    public func coreThrottleCount() throws(ProbeError) -> UInt64? { try Self.sum(coreThrottles) }
    public func packageThrottleCount() throws(ProbeError) -> UInt64? { try Self.sum(packageThrottles) }

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
}
