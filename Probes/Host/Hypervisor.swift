import SystemIO

/// Detects whether the box is a virtual machine.
enum Hypervisor {
    /// - Returns: the hypervisor's product name, as far as the machine reports it; `nil` on hardware.
    static func name(root: SystemRoot, info: CPUInfo) -> String? {
        // Optional: whether there is a hypervisor is in the CPU's flags, and its name elsewhere may be missing.
        let text = { (path: String) -> String? in
            guard let text = try? SysfsFile.text(at: root.file(path)), !text.isEmpty else { return nil }
            return text
        }
        let firmware = [text("sys/class/dmi/id/sys_vendor"), text("sys/class/dmi/id/product_name")]
            .compactMap { $0 }.joined(separator: " ")
        // x86 CPUs set a flag in every virtual machine. A vendor's name alone would also match its bare-metal servers.
        if info.flags.contains("hypervisor") {
            if let type = text("sys/hypervisor/type") { return firmware.isEmpty ? type : "\(type) (\(firmware))" }
            if !firmware.isEmpty { return firmware }
            return byClockSource(text("sys/devices/system/clocksource/clocksource0/available_clocksource") ?? "")
        }
        if let type = text("sys/hypervisor/type") { return type }
        if let compatible = text("proc/device-tree/hypervisor/compatible") { return compatible }
        let machines = ["QEMU", "KVM", "VMware", "VirtualBox", "Virtual Machine", "Apple Virtualization"]
        return info.field("CPU implementer") != nil && machines.contains { firmware.contains($0) } ? firmware : nil
    }

    /// Hypervisors without firmware tables still offer their guests a clock source.
    private static func byClockSource(_ clocks: String) -> String {
        if clocks.contains("kvm-clock") { return "KVM" }
        if clocks.contains("hyperv") { return "Hyper-V" }
        if clocks.contains("xen") { return "Xen" }
        return "unnamed hypervisor"
    }
}
