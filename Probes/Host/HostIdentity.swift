/// Which machine this is: what a measurement on it is valid for. A part that is `nil` the machine does not tell.
package struct HostIdentity: Sendable, Codable, Hashable {
    /// `x86_64`, `aarch64`.
    package var architecture: String
    package var cpuModel: String
    package var cpuVendor: String
    package var cpuFamily: Int?
    package var cpuModelNumber: Int?
    package var cpuStepping: Int?
    /// Revision as the kernel prints it: `0x4119`.
    package var microcode: String?
    /// Widest vector extension that every CPU has: `avx512_bf16`, `avx2`, `asimd`.
    package var instructionSet: String
    /// Product name of the hypervisor; `nil` on hardware.
    package var hypervisor: String?
    package var topology: CPUTopology
    package var memoryBytes: Int?
    package var kernelRelease: String?
    /// `nil` for an instruction set that is not known here.
    package var rated: RatedThroughput?

    /// f32 floating-point operations a cycle and core, by the instruction set; see ``rated`` for the basis.
    package var ratedFlopsPerCyclePerCore: Double? { rated?.flopsPerCyclePerCore }

    package init(
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
