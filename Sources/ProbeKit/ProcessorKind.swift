import SystemIO

/// The kind of processor of a box, which determines the interfaces that it can have.
package enum ProcessorKind: Sendable, Hashable {
    /// A virtual x86 machine: its power and frequency are the host's.
    case virtualX86
    case x86
    /// Not x86.
    case other
    /// What it is cannot be read.
    case unknown

    /// Source: /proc/cpuinfo; its flag `hypervisor` is the CPUID bit that hypervisors set.
    package init(root: SystemRoot) {
        // Why the file cannot be read is the answer of the host's probe.
        guard let text = try? SysfsFile.wholeText(at: root.file("proc/cpuinfo")), text.contains(":") else {
            self = .unknown
            return
        }
        let lines = text.split(separator: "\n")
        if let flags = lines.first(where: { $0.hasPrefix("flags") }) {
            self = flags.split(separator: " ").contains("hypervisor") ? .virtualX86 : .x86
        } else {
            // s390 has the field too, with a vendor that makes no x86.
            self = lines.contains { $0.hasPrefix("vendor_id") && !$0.hasSuffix("IBM/S390") } ? .x86 : .other
        }
    }
}
