import Host
import ProbeKit

extension DoctorReport {
    /// The machine, and what has disturbed it since it was started.
    struct HostSection: Codable, Equatable {
        var architecture: String
        var cpuModel: String
        var cpuVendor: String
        var cpuFamily: Int?
        var cpuModelNumber: Int?
        var cpuStepping: Int?
        var microcode: String?
        var instructionSet: String
        var ratedFlopsPerCyclePerCore: Double?
        /// What the rated figure assumes.
        var ratedBasis: String?
        var hypervisor: String?
        var sockets: Int
        var cores: Int
        var threads: Int
        var coreTypes: [CoreType]
        var numaNodes: [NUMANode]
        var memoryBytes: Int?
        var memoryAvailableBytes: Int?
        var kernelRelease: String?
        /// Runnable tasks over 1, 5 and 15 minutes; empty when not told.
        var loadAverages: [Double]
        var stealSeconds: Double?
        var coreThrottleCount: UInt64?
        var packageThrottleCount: UInt64?

        /// - Throws: ``ProbeError`` when the CPU is not told; all else may be missing.
        init(_ probe: HostProbe, readings: ProbeReadings) throws(ProbeError) {
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
            let counters = try? probe.counters()
            stealSeconds = counters?.stealSeconds
            coreThrottleCount = counters?.coreThrottleCount
            packageThrottleCount = counters?.packageThrottleCount
            loadAverages = (try? probe.loadAverages()) ?? []
            memoryAvailableBytes = readings.readings.first { $0.sensor == "memory available" }.map { Int($0.value) }
        }
    }
}
