import SystemIO

extension HostIdentity {
    /// - Throws: ``KerfError`` when /proc/cpuinfo cannot be read or lists no CPU; all else may be missing.
    init(root: SystemRoot) throws(KerfError) {
        let info = try CPUInfo(root: root)
        let text = { (path: String) -> String? in
            guard let text = try? SysfsFile.text(at: root.file(path)), !text.isEmpty else { return nil }
            return text
        }
        let number = { (key: String) in info.field(key).flatMap { Int($0) } }
        let flags = info.flags
        let armCores = Set(info.processors.compactMap { ArmCore($0) })
        let vendor = info.field("vendor_id") ?? armCores.map(\.vendor).min() ?? "unknown vendor"
        let armModel = armCores.map(\.name).sorted().joined(separator: " + ")
        let rated =
            armCores.isEmpty
            ? RatedThroughput(x86: flags, vendor: vendor, family: number("cpu family"), model: number("model"))
            : RatedThroughput(
                arm: flags, cores: armCores,
                sveBytes: text("proc/sys/abi/sve_default_vector_length").flatMap { Int($0) })
        self.init(
            architecture: text("proc/sys/kernel/arch") ?? info.architecture ?? "unknown",
            cpuModel: info.field("model name") ?? (armModel.isEmpty ? "unknown CPU" : armModel), cpuVendor: vendor,
            cpuFamily: number("cpu family"), cpuModelNumber: number("model"), cpuStepping: number("stepping"),
            microcode: info.field("microcode"), instructionSet: InstructionSet.widest(of: flags),
            hypervisor: Hypervisor.name(root: root, info: info), topology: CPUTopology(root: root, info: info),
            memoryBytes: try? MemoryInfo(root: root).totalBytes,
            kernelRelease: text("proc/sys/kernel/osrelease"), rated: rated)
    }
}
