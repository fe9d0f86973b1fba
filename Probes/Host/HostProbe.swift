import Glibc
import ProbeKit
import SystemIO
import SystemPackage

/// The machine: CPU, topology, memory, load, and counters of disturbances.
package struct HostProbe: Probe {
    package let name = "host"
    package let interface = "procfs"
    package let root: SystemRoot

    package init(root: SystemRoot = SystemRoot()) {
        self.root = root
    }

    package func availability() -> Availability {
        do throws(KerfError) {
            let identity = try identity()
            let topology = identity.topology
            return Availability(
                .present,
                reason: "\(identity.cpuModel), \(topology.cores) cores, \(topology.threads) threads")
        } catch {
            var availability = Availability(error)
            availability.remedy = error.remedy ?? remedy(for: availability.status)
            return availability
        }
    }

    private func remedy(for status: Availability.Status) -> Remedy {
        if status == .forbidden { return "give this user read access to it, or run as root" }
        return root.isLive
            ? "mount procfs: `sudo mount -t proc proc /proc`" : "add the box's proc/cpuinfo to the tree"
    }

    /// - Throws: ``KerfError`` when /proc/cpuinfo cannot be read or lists no CPU.
    package func identity() throws(KerfError) -> HostIdentity { try HostIdentity(root: root) }

    /// The box's core types, the fastest first; empty when all cores are alike. Does not need /proc/cpuinfo.
    package func coreTypes() -> [CoreType] {
        CoreTypes(root: root, threads: CPUTopology.threads(root), info: try? CPUInfo(root: root)).types
    }

    /// One sample of the counters. Loops over windows use a ``HostCounterReader``.
    package func counters() throws(KerfError) -> HostCounters { try counterReader().read() }

    /// A reader that holds the counters' files open.
    package func counterReader() throws(KerfError) -> HostCounterReader { try HostCounterReader(root: root) }

    /// A reader of what the scheduler does to a process.
    package func schedulingReader(of process: ObservedProcess = .own) throws(KerfError) -> SchedulingReader {
        try SchedulingReader(root: root, process: process)
    }

    /// A reader of which CPUs are on line; `nil` where the kernel does not list them.
    package func hotplugReader() throws(KerfError) -> HotplugReader? { try HotplugReader(root: root) }

    /// Finds the processes that use the processors, apart from this one, the measured one and those that it started.
    package func processMonitor(beside process: ObservedProcess = .own) -> HostProcessMonitor {
        let measured = Int(process.publicNumber)
        // Of this process's own children, one may serve a board, which is load like any other.
        let ancestor = process.number == nil ? nil : measured
        return HostProcessMonitor(
            ProcessReader(root: root, leavingOut: [Int(getpid()), measured], andDescendantsOf: ancestor))
    }

    /// The processes that a measured program starts; `nil` for this process, which starts none that work for it.
    package func workers(of process: ObservedProcess) -> WorkerProcesses? {
        process.number.map { WorkerProcesses(root: root, of: $0) }
    }

    /// Seconds that all CPUs together have spent in each state.
    package func processorTimes() throws(KerfError) -> ProcessorTimes {
        let path = root.file("proc/stat")
        return try ProcessorTimes(parsing: try SysfsFile.text(at: path), path: path)
    }

    /// Runnable tasks, averaged over 1, 5 and 15 minutes.
    package func loadAverages() throws(KerfError) -> [Double] {
        let path = root.file("proc/loadavg")
        let fields = try SysfsFile.text(at: path).split(separator: " ").prefix(3).map { Double($0) }
        guard fields.count == 3, fields.allSatisfy({ $0?.isFinite == true }) else {
            throw KerfError(.invalidReading, "not three load averages", at: path)
        }
        return fields.compactMap { $0 }
    }

    package func readings() -> ProbeReadings {
        var result = ProbeReadings()
        let add = { (sensor: String, value: Double?, unit: ReadingUnit, result: inout ProbeReadings) in
            guard let value else { return }
            result.readings.append(Reading(sensor: sensor, value: value, unit: unit))
        }
        attempt(&result) { (result) throws(KerfError) in
            let memory = try MemoryInfo(root: root)
            add("memory total", memory.totalBytes.map { Double($0) }, .bytes, &result)
            add("memory available", memory.availableBytes.map { Double($0) }, .bytes, &result)
        }
        attempt(&result) { (result) throws(KerfError) in
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
        attempt(&result) { (result) throws(KerfError) in
            for (minutes, load) in zip([1, 5, 15], try loadAverages()) {
                add("load \(minutes) min", load, .count, &result)
            }
        }
        attempt(&result) { (result) throws(KerfError) in
            let reader = try counterReader()
            let counters = try reader.read()
            guard counters.canShowThrottling else {
                throw KerfError(
                    .notFound, "no thermal throttle counters and no cooling devices: throttling cannot be seen",
                    at: root.file("sys/devices/system/cpu/cpu0/thermal_throttle"),
                    remedy: .text(
                        "Intel processors and Arm boards have them, and a virtual machine hides them; watch temperatures "
                            + "and frequencies instead"))
            }
            add("core throttle", counters.coreThrottleCount.map { Double($0) }, .count, &result)
            add("package throttle", counters.packageThrottleCount.map { Double($0) }, .count, &result)
            for (name, state) in try reader.coolingStates() { add("cooling \(name)", Double(state), .count, &result) }
            if let failure = reader.coolingFailure { throw failure }
        }
        return result
    }

    private func attempt(
        _ result: inout ProbeReadings, _ part: (inout ProbeReadings) throws(KerfError) -> Void
    ) {
        do throws(KerfError) {
            try part(&result)
        } catch {
            // Two parts may read one file.
            if !result.failures.contains(error) { result.failures.append(error) }
        }
    }
}

extension HostProbe {
    /// The highest frequency of a CPU in /proc/cpuinfo, in hertz: `cpu MHz` of x86 and s390, `CPU MHz` of LoongArch, `clock`
    /// of powerpc. Without frequency scaling, as in most virtual machines, it is the nominal one.
    ///
    /// - Returns: `nil` where the kernel does not report it, as on arm64.
    package func cpuinfoHertz() -> Double? {
        // Without the file there is no identity either, which says why.
        guard let text = try? SysfsFile.wholeText(at: root.file("proc/cpuinfo")) else { return nil }
        let megahertz = text.split(separator: "\n").compactMap { line -> Double? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let key = trimmed(line[..<colon])
            let value = trimmed(line[line.index(after: colon)...])
            if key == "clock" { return value.hasSuffix("MHz") ? Double(value.dropLast(3)) : nil }
            return key.hasPrefix("cpu MHz") || key == "CPU MHz" ? Double(value) : nil
        }
        return megahertz.max().map { $0 * 1e6 }
    }
}
