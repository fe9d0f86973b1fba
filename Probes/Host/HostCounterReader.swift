import SystemIO
import SystemPackage

/// Samples the host's counters around windows, with one `pread` per file and no path lookup.
///
/// Throttle counters are those of the CPUs that were online when the reader was created.
package final class HostCounterReader: Sendable {
    private let times: HeldFile?
    private let coreThrottles: [HeldFile]
    private let packageThrottles: [HeldFile]
    private let cooling: CoolingStates

    /// - Throws: ``KerfError`` when a counter exists and cannot be opened. A missing counter is `nil` in the samples.
    package init(root: SystemRoot) throws(KerfError) {
        times = try HeldFile(ifPresent: root.file("proc/stat"))
        let directory = root.file("sys/devices/system/cpu")
        let threads = CPUTopology.threads(root)
        // The threads of a core share one counter, as do the cores of a package. Without a topology all are read: a
        // change is still seen, though counted several times.
        let names = root.names(in: directory).filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
        let cores = threads.isEmpty ? names : threads.filter(\.leadsCore).map { "cpu\($0.number)" }
        let packages = threads.isEmpty ? names : threads.filter(\.leadsPackage).map { "cpu\($0.number)" }
        coreThrottles = try Self.hold(cores.map { directory.appending("\($0)/thermal_throttle/core_throttle_count") })
        packageThrottles = try Self.hold(
            packages.map { directory.appending("\($0)/thermal_throttle/package_throttle_count") })
        cooling = CoolingStates(root: root)
    }

    /// Samples all counters.
    ///
    /// - Throws: ``KerfError`` when a held counter can no longer be read or is malformed; so do the methods below.
    package func read() throws(KerfError) -> HostCounters {
        HostCounters(
            stealSeconds: try processorTimes()?.steal, coreThrottleCount: try coreThrottleCount(),
            packageThrottleCount: try packageThrottleCount(), coolingChangeCount: try coolingChangeCount())
    }

    package func processorTimes() throws(KerfError) -> ProcessorTimes? {
        guard let times else { return nil }
        return try ProcessorTimes(parsing: try times.text(), path: times.path)
    }

    package func coreThrottleCount() throws(KerfError) -> UInt64? { try Self.sum(coreThrottles) }
    package func packageThrottleCount() throws(KerfError) -> UInt64? { try Self.sum(packageThrottles) }

    /// Changes of what slows the processors that this reader has seen: 0 at its first reading.
    package func coolingChangeCount() throws(KerfError) -> UInt64? { try cooling.changeCount() }

    /// Why part of what slows the processors is not seen; `nil` where all of it is.
    package var coolingFailure: KerfError? { cooling.failure }

    /// What slows the processors, and its state now: 0 where it does nothing.
    package func coolingStates() throws(KerfError) -> [(name: String, state: UInt64)] {
        var states: [(name: String, state: UInt64)] = []
        for source in cooling.states { states.append((source.name, try source.value())) }
        return states
    }

    private static func hold(_ paths: [FilePath]) throws(KerfError) -> [HeldFile] {
        var files: [HeldFile] = []
        for path in paths { if let file = try HeldFile(ifPresent: path) { files.append(file) } }
        return files
    }

    private static func sum(_ files: [HeldFile]) throws(KerfError) -> UInt64? {
        var sum: UInt64 = 0
        for file in files { sum &+= try file.counter() }
        return files.isEmpty ? nil : sum
    }
}

/// Counters of disturbances since the system started, or since the reader was made. `nil`, never zero, for what this box does not report.
package struct HostCounters: Sendable, Hashable {
    /// Steal time, summed over all CPUs.
    package var stealSeconds: Double?
    /// Thermal throttling events, summed over cores.
    package var coreThrottleCount: UInt64?
    /// Thermal throttling events of whole packages, summed over packages.
    package var packageThrottleCount: UInt64?
    /// Changes of what slows the processors, where there are no counters of throttling; those that the reader has seen.
    package var coolingChangeCount: UInt64?

    /// Whether throttling would be seen.
    package var canShowThrottling: Bool {
        coreThrottleCount != nil || packageThrottleCount != nil || coolingChangeCount != nil
    }
}
