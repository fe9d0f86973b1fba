import SystemIO
import SystemPackage

/// The processor's name and vendor, from the fields in which each architecture's kernel gives them.
///
/// The name tells boxes apart: where the kernel's name is that of a family, the numbers that distinguish its members are
/// part of it. A box that nothing names has no name, and is not taken for another one that has none.
///
/// Source: `show_cpuinfo` of each architecture; Documentation/arch/riscv/uabi.rst; RISC-V Privileged Specification,
/// 3.1.2 to 3.1.4 (mvendorid, marchid, mimpid).
struct ProcessorName {
    /// `nil` when nothing names the processor.
    let name: String?
    let vendor: String

    init(info: CPUInfo, root: SystemRoot) {
        let arm = info.armCores
        vendor =
            info.field("vendor_id") ?? arm.map(\.vendor).min() ?? Self.riscVVendor(info) ?? Self.vendor(byName: info)
            ?? "unknown vendor"
        let candidates: [String?] = [
            Self.named(info.field("model name")), Self.arm(arm, info), info.field("Model Name"), Self.riscV(info),
            Self.mips(info), Self.power(info), Self.s390(info), Self.fallback(info), Self.board(info),
            Self.deviceTree(root), info.field("model name"), info.field("Processor"),
        ]
        name = candidates.compactMap(\.self).first
    }

    private static func arm(_ cores: Set<ArmCore>, _ info: CPUInfo) -> String? {
        guard !cores.isEmpty else { return nil }
        return qualified(cores.map(\.name).sorted().joined(separator: " + "), by: board(info))
    }

    /// The chip or the board, on a line of its own or, in some vendors' kernels, after the last CPU's without a blank line.
    private static func board(_ info: CPUInfo) -> String? { info.values("Hardware").first }

    /// `nil` for a text that names an architecture, as 32-bit arm and old arm64 kernels give it in place of a name:
    /// `ARMv7 Processor rev 4 (v7l)`. All processors of the architecture have it.
    private static func named(_ text: String?) -> String? {
        ["ARMv", "AArch64 Processor"].contains { text?.hasPrefix($0) == true } ? nil : text
    }

    /// `uarch` since Linux 5.18 where the device tree has it; the identification registers since 6.1, which are 0 where the
    /// implementation has none.
    private static func riscV(_ info: CPUInfo) -> String? {
        guard info.field("isa") != nil || info.field("hart") != nil else { return nil }
        let names = info.values("uarch")
        let numbers = ["mvendorid", "marchid", "mimpid"].compactMap { key -> String? in
            let values = info.values(key).filter { $0 != "0x0" && $0 != "0" }
            return values.isEmpty ? nil : "\(key) \(values.joined(separator: "/"))"
        }
        let text = numbers.joined(separator: ", ")
        if names.isEmpty { return text.isEmpty ? nil : "RISC-V \(text)" }
        return qualified(names.joined(separator: " + "), by: text)
    }

    /// `sifive` of `sifive,u74-mc`.
    private static func riscVVendor(_ info: CPUInfo) -> String? {
        guard let name = info.values("uarch").first, let comma = name.firstIndex(of: ","), comma != name.startIndex
        else { return nil }
        return String(name[..<comma])
    }

    /// mips and alpha.
    private static func mips(_ info: CPUInfo) -> String? {
        let names = info.values("cpu model")
        let name = names.joined(separator: " + ")
        return names.isEmpty ? nil : qualified(name, by: info.shared["machine"] ?? info.shared["system type"])
    }

    /// powerpc, sparc and parisc. All POWER servers of one generation have one name; the machine's type tells them apart.
    private static func power(_ info: CPUInfo) -> String? {
        let names = info.values("cpu")
        let name = names.joined(separator: " + ")
        return names.isEmpty ? nil : qualified(name, by: info.shared["machine"] ?? info.shared["model"])
    }

    /// The machine's type; the identification beside it is a serial number.
    private static func s390(_ info: CPUInfo) -> String? {
        let machines = info.values("machine")
        guard info.field("vendor_id") == "IBM/S390", !machines.isEmpty else { return nil }
        return "IBM/S390 machine " + machines.joined(separator: " + ")
    }

    /// Names of other architectures. The board of an arm kernel that does not name the cores comes after them.
    private static func fallback(_ info: CPUInfo) -> String? {
        ["CPU", "cpu type", "Processor"].lazy.compactMap { named(info.field($0)) }.first
    }

    /// The name in the device tree: `sifive,bullet0`. A name that every core of the architecture has is none.
    private static func deviceTree(_ root: SystemRoot) -> String? {
        let cpus = root.file("proc/device-tree/cpus")
        for cpu in root.names(in: cpus) where cpu.hasPrefix("cpu@") {
            // Without the property the next CPU may have it.
            guard let text = try? SysfsFile.text(at: cpus.appending(cpu).appending("compatible")),
                let name = text.split(separator: "\0").first.map(String.init)
            else { continue }
            if PlainText.isPlain(name), !["riscv", "arm,armv8", "arm,armv7"].contains(name) { return name }
        }
        return nil
    }

    private static func vendor(byName info: CPUInfo) -> String? {
        let name = info.field("Model Name") ?? info.field("cpu") ?? info.field("cpu model") ?? ""
        if name.hasPrefix("Loongson") { return "Loongson" }
        return name.hasPrefix("POWER") ? "IBM" : info.field("mvendorid").map { "vendor \($0)" }
    }

    private static func qualified(_ name: String, by detail: String?) -> String {
        guard let detail, !detail.isEmpty, detail != name else { return name }
        return "\(name) (\(detail))"
    }
}
