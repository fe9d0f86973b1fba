import ProfileFormat
import SystemIO

/// The identity of a machine, for which a measurement is valid. `nil` for what the machine does not report.
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
    /// `nil` for an unknown instruction set.
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

extension HostIdentity {
    /// - Throws: ``KerfError`` when /proc/cpuinfo cannot be read or lists no CPU. Everything else is optional.
    init(root: SystemRoot) throws(KerfError) {
        let info = try CPUInfo(root: root)
        // Optional: what the machine does not report is missing from its identity, whatever the cause.
        let text = { (path: String) -> String? in
            guard let text = try? SysfsFile.text(at: root.file(path)), !text.isEmpty else { return nil }
            return text
        }
        let number = { (key: String) in info.field(key).flatMap { Int($0) } }
        let flags = info.flags
        let armCores = info.armCores
        let processor = ProcessorName(info: info, root: root)
        let vendor = processor.vendor
        let rated =
            armCores.isEmpty
            ? RatedThroughput(x86: flags, vendor: vendor, family: number("cpu family"), model: number("model"))
            : RatedThroughput(
                arm: flags, cores: armCores,
                sveBytes: text("proc/sys/abi/sve_default_vector_length").flatMap { Int($0) })
        self.init(
            architecture: text("proc/sys/kernel/arch") ?? info.architecture ?? "unknown",
            cpuModel: processor.name ?? BoxIdentity.unknownProcessor, cpuVendor: vendor,
            cpuFamily: number("cpu family"), cpuModelNumber: number("model"), cpuStepping: number("stepping"),
            microcode: info.field("microcode"), instructionSet: InstructionSet.widest(of: flags),
            hypervisor: Hypervisor.name(root: root, info: info), topology: CPUTopology(root: root, info: info),
            memoryBytes: (try? MemoryInfo(root: root))?.totalBytes,
            kernelRelease: text("proc/sys/kernel/osrelease"), rated: rated)
    }
}

/// Vector extensions, by the kernel's flags.
enum InstructionSet {
    /// Wider and newer extensions first, in the kernel's spelling.
    private static let x86 = ["avx512_bf16", "avx512f", "avx2", "avx", "sse4_2", "sse2"]
    private static let arm = ["sve2", "sve", "asimd", "neon"]
    /// LoongArch and s390.
    private static let others = ["lasx", "lsx", "vxe3", "vxe2", "vxe", "vx"]

    /// The widest extension among the flags; `scalar` when there is none.
    static func widest(of flags: Set<String>) -> String {
        (x86 + arm + others).first { flags.contains($0) } ?? "scalar"
    }
}
