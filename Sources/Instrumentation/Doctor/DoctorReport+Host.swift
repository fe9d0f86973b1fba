import Host
import ProbeKit
import SystemIO

extension DoctorReport {
    /// The machine, and its disturbances since it was started.
    package struct HostSection: Codable, Equatable, Sendable {
        package var architecture: String
        package var cpuModel: String
        package var cpuVendor: String
        package var cpuFamily: Int?
        package var cpuModelNumber: Int?
        package var cpuStepping: Int?
        package var microcode: String?
        package var instructionSet: String
        package var ratedFlopsPerCyclePerCore: Double?
        /// The assumptions of the rated value.
        package var ratedBasis: String?
        package var hypervisor: String?
        package var sockets: Int
        package var cores: Int
        package var threads: Int
        package var coreTypes: [CoreType]
        package var numaNodes: [NUMANode]
        package var memoryBytes: Int?
        /// Memory that new work can use, also by the control group.
        package var memoryAvailableBytes: Int?
        /// The control group's limit, where it is below the box's memory.
        package var memoryLimitBytes: Int?
        /// CPU time per time that the control group allows, in CPUs; `nil` where it allows as much as the box has.
        package var cpuQuota: Double?
        /// Numbers of the CPUs that this process may run on; `nil` where they are all of the box's.
        package var usableCpus: [Int]?
        package var kernelRelease: String?
        /// Runnable tasks, averaged over 1, 5 and 15 minutes; empty when unknown.
        package var loadAverages: [Double]
        package var stealSeconds: Double?
        package var coreThrottleCount: UInt64?
        package var packageThrottleCount: UInt64?

        /// - Throws: ``KerfError`` without information on the CPU. Everything else is optional.
        package init(_ probe: HostProbe, readings: ProbeReadings) throws(KerfError) {
            let identity = try probe.identity()
            architecture = identity.architecture
            cpuModel = identity.cpuModel
            cpuVendor = identity.cpuVendor
            cpuFamily = identity.cpuFamily
            cpuModelNumber = identity.cpuModelNumber
            cpuStepping = identity.cpuStepping
            microcode = identity.microcode
            instructionSet = identity.instructionSet
            ratedFlopsPerCyclePerCore = identity.ratedFlopsPerCyclePerCore
            ratedBasis = identity.rated?.basis
            hypervisor = identity.hypervisor
            sockets = identity.topology.sockets
            cores = identity.topology.cores
            threads = identity.topology.threads
            coreTypes = identity.topology.coreTypes
            numaNodes = identity.topology.numaNodes
            memoryBytes = identity.memoryBytes
            kernelRelease = identity.kernelRelease
            // Optional; the host's line has the errors of those that are there and cannot be read.
            let counters = try? probe.counters()
            stealSeconds = counters?.stealSeconds
            coreThrottleCount = counters?.coreThrottleCount
            packageThrottleCount = counters?.packageThrottleCount
            loadAverages = (try? probe.loadAverages()) ?? []
            let limits = probe.limits(of: identity)
            memoryLimitBytes = limits.memoryLimitBytes
            cpuQuota = limits.quotaCPUs
            usableCpus = limits.allowedCPUs
            let available = readings.readings.first { $0.sensor == "memory available" }.map { Int($0.value) }
            memoryAvailableBytes = available.map { min($0, limits.memoryFreeBytes ?? $0) } ?? limits.memoryFreeBytes
        }

        /// Threads that a run uses unless told otherwise: as many as the CPUs and the quota can keep busy.
        package var defaultThreads: Int {
            ResourceLimits(quotaCPUs: cpuQuota, allowedCPUs: usableCpus).threadCount(of: threads)
        }
    }
}
