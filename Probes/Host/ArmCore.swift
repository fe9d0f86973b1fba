/// An arm64 core, identified by implementer and part number, since arm64's cpuinfo has no names.
///
/// Source: Arm Architecture Reference Manual, MIDR_EL1, and the implementers' reference manuals.
struct ArmCore: Hashable {
    var implementer: Int
    var part: Int

    /// - Returns: `nil` when the CPU's fields are not those of arm64.
    init?(_ processor: [String: String]) {
        guard let implementer = processor["CPU implementer"].flatMap(Self.number),
            let part = processor["CPU part"].flatMap(Self.number)
        else { return nil }
        (self.implementer, self.part) = (implementer, part)
    }

    var vendor: String { Self.vendors[implementer] ?? "implementer 0x" + String(implementer, radix: 16) }

    var name: String {
        let known = implementer == 0x41 ? Self.armParts[part]?.name ?? Self.otherArmParts[part] : nil
        return "\(vendor) \(known ?? "part 0x" + String(part, radix: 16))"
    }

    /// 128-bit multiply-add pipes; `nil` for a core that is not in the table.
    var fmaPipes: Int? {
        // Apple's performance cores have four pipes. Its efficiency cores have fewer, but are not distinguished here.
        implementer == 0x61 ? 4 : implementer == 0x41 ? Self.armParts[part]?.pipes : nil
    }

    private static func number(_ text: String) -> Int? {
        text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
    }

    private static let vendors = [
        0x41: "Arm", 0x42: "Broadcom", 0x43: "Cavium", 0x46: "Fujitsu", 0x48: "HiSilicon", 0x4E: "NVIDIA",
        0x50: "Applied Micro", 0x51: "Qualcomm", 0x53: "Samsung", 0x56: "Marvell", 0x61: "Apple", 0x6D: "Microsoft",
        0xC0: "Ampere",
    ]

    private static let armParts: [Int: (name: String, pipes: Int)] = [
        0xD03: ("Cortex-A53", 1), 0xD04: ("Cortex-A35", 1), 0xD05: ("Cortex-A55", 1), 0xD07: ("Cortex-A57", 2),
        0xD08: ("Cortex-A72", 2), 0xD09: ("Cortex-A73", 2), 0xD0A: ("Cortex-A75", 2), 0xD0B: ("Cortex-A76", 2),
        0xD0C: ("Neoverse N1", 2), 0xD0D: ("Cortex-A77", 2), 0xD40: ("Neoverse V1", 4), 0xD41: ("Cortex-A78", 2),
        0xD42: ("Cortex-A78AE", 2), 0xD44: ("Cortex-X1", 4), 0xD47: ("Cortex-A710", 2),
        0xD48: ("Cortex-X2", 4), 0xD49: ("Neoverse N2", 2), 0xD4D: ("Cortex-A715", 2), 0xD4E: ("Cortex-X3", 4),
        0xD4F: ("Neoverse V2", 4),
    ]

    /// Cores that are named only: those without 128-bit multiply-add pipes, or whose number is not stated here.
    private static let otherArmParts = [
        0xB76: "ARM1176", 0xC05: "Cortex-A5", 0xC07: "Cortex-A7", 0xC08: "Cortex-A8", 0xC09: "Cortex-A9",
        0xC0D: "Cortex-A12", 0xC0E: "Cortex-A17", 0xC0F: "Cortex-A15", 0xD01: "Cortex-A32", 0xD06: "Cortex-A65",
        0xD46: "Cortex-A510", 0xD4A: "Neoverse E1", 0xD4B: "Cortex-A78C", 0xD4C: "Cortex-X1C", 0xD80: "Cortex-A520",
        0xD81: "Cortex-A720", 0xD82: "Cortex-X4", 0xD84: "Neoverse V3", 0xD85: "Cortex-X925", 0xD87: "Cortex-A725",
        0xD8E: "Neoverse N3",
    ]
}
