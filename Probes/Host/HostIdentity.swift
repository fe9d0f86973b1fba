/// Which machine this is: what a measurement on it is valid for. A part that is `nil` the machine does not tell.
public struct HostIdentity: Sendable, Codable, Hashable {
    /// `x86_64`, `aarch64`.
    public var architecture: String
    public var cpuModel: String
    public var cpuVendor: String
    public var cpuFamily: Int?
    public var cpuModelNumber: Int?
    public var cpuStepping: Int?
    /// Revision as the kernel prints it: `0x4119`.
    public var microcode: String?
    /// Widest vector extension that every CPU has: `avx512_bf16`, `avx2`, `asimd`.
    public var instructionSet: String
    /// Product name of the hypervisor; `nil` on hardware.
    public var hypervisor: String?
    public var topology: CPUTopology
    public var memoryBytes: Int?
    public var kernelRelease: String?
    /// `nil` for an instruction set that is not known here.
    public var rated: RatedThroughput?

    /// f32 floating-point operations a cycle and core, by the instruction set; see ``rated`` for the basis.
    public var ratedFlopsPerCyclePerCore: Double? { rated?.flopsPerCyclePerCore }

    public init(
        architecture: String, cpuModel: String, cpuVendor: String, cpuFamily: Int?, cpuModelNumber: Int?,
        cpuStepping: Int?, microcode: String?, instructionSet: String, hypervisor: String?, topology: CPUTopology,
        memoryBytes: Int?, kernelRelease: String?, rated: RatedThroughput?
    ) {
        self.architecture = architecture
        self.cpuModel = cpuModel
        self.cpuVendor = cpuVendor
        self.cpuFamily = cpuFamily
        self.cpuModelNumber = cpuModelNumber
        self.cpuStepping = cpuStepping
        self.microcode = microcode
        self.instructionSet = instructionSet
        self.hypervisor = hypervisor
        self.topology = topology
        self.memoryBytes = memoryBytes
        self.kernelRelease = kernelRelease
        self.rated = rated
    }
}
