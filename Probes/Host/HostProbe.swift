public import ProbeKit
import SystemPackage

/// The machine itself: CPU, topology, memory, load, and what can spoil a measurement on it.
public struct HostProbe: Probe {
    public let name = "host"
    public let interface = "procfs"
    public let root: SystemRoot

    public init(root: SystemRoot = SystemRoot()) {
        self.root = root
    }

    public func availability() -> Availability {
        do throws(ProbeError) {
            let identity = try identity()
            let topology = identity.topology
            return Availability(
                .present,
                reason: "\(identity.cpuModel), \(topology.cores) cores, \(topology.threads) threads")
        } catch {
            return Availability(
                error.code == .forbidden ? .forbidden : .absent, reason: error.description,
                remedy: error.remedy
                    ?? (root.isLive
                        ? "mount procfs: `sudo mount -t proc proc /proc`" : "put the box's proc/cpuinfo into the tree"))
        }
    }

    /// - Throws: ``ProbeError`` when /proc/cpuinfo cannot be read or lists no CPU.
    public func identity() throws(ProbeError) -> HostIdentity { try HostIdentity(root: root) }

    /// The box's kinds of core, the strongest first; empty when all are alike. Needs no /proc/cpuinfo.
    public func coreTypes() -> [CoreType] {
        CoreTypes(root: root, threads: CPUTopology.threads(root), info: try? CPUInfo(root: root)).types
    }

    /// One sample of the counters. A loop of windows holds a ``HostCounterReader`` instead.
    public func counters() throws(ProbeError) -> HostCounters { try counterReader().read() }

    /// A reader whose samples are cheap.
    public func counterReader() throws(ProbeError) -> HostCounterReader { try HostCounterReader(root: root) }

    /// Seconds that all CPUs together have spent in each state.
    public func processorTimes() throws(ProbeError) -> ProcessorTimes {
        let path = root.file("proc/stat")
        return try ProcessorTimes(parsing: try SysfsFile.text(at: path), path: path)
    }

    /// Runnable tasks, averaged over 1, 5 and 15 minutes.
    public func loadAverages() throws(ProbeError) -> [Double] {
        let path = root.file("proc/loadavg")
        let fields = try SysfsFile.text(at: path).split(separator: " ").prefix(3).map { Double($0) }
        guard fields.count == 3, fields.allSatisfy({ $0?.isFinite == true }) else {
            throw ProbeError(.malformed, "not three load averages", path: path)
        }
        return fields.compactMap { $0 }
    }

    public func readings() -> ProbeReadings {
        var result = ProbeReadings()
        let add = { (sensor: String, value: Double?, unit: ReadingUnit, result: inout ProbeReadings) in
            guard let value else { return }
            result.readings.append(Reading(sensor: sensor, value: value, unit: unit))
        }
        attempt(&result) { (result) throws(ProbeError) in
            let memory = try MemoryInfo(root: root)
            add("memory total", Double(memory.totalBytes), .bytes, &result)
            add("memory available", memory.availableBytes.map { Double($0) }, .bytes, &result)
        }
        attempt(&result) { (result) throws(ProbeError) in
            let times = try processorTimes()
            add("cpu user", times.user, .seconds, &result)
            add("cpu nice", times.nice, .seconds, &result)
            add("cpu system", times.system, .seconds, &result)
            add("cpu idle", times.idle, .seconds, &result)
            add("cpu iowait", times.waiting, .seconds, &result)
            add("cpu irq", times.interrupt, .seconds, &result)
            add("cpu softirq", times.softInterrupt, .seconds, &result)
            add("cpu steal", times.steal, .seconds, &result)
        }
        attempt(&result) { (result) throws(ProbeError) in
            for (minutes, load) in zip([1, 5, 15], try loadAverages()) {
                add("load \(minutes) min", load, .count, &result)
            }
        }
        attempt(&result) { (result) throws(ProbeError) in
            let counters = try counters()
            guard let cores = counters.coreThrottleCount else {
                throw ProbeError(
                    .vanished, "no thermal throttle counters: throttling cannot be seen",
                    path: root.file("sys/devices/system/cpu/cpu0/thermal_throttle"),
                    remedy: "only Intel hardware has them, and a virtual machine hides them; watch temperatures and "
                        + "clocks instead")
            }
            add("core throttle", Double(cores), .count, &result)
            add("package throttle", counters.packageThrottleCount.map { Double($0) }, .count, &result)
        }
        return result
    }

    private func attempt(
        _ result: inout ProbeReadings, _ part: (inout ProbeReadings) throws(ProbeError) -> Void
    ) {
        do throws(ProbeError) {
            try part(&result)
        } catch {
            result.failures.append(error)
        }
    }
}
