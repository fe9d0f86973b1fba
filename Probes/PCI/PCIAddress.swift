import CPCI

/// The address of a PCI function in the kernel's format: `0000:01:00.0`.
struct PCIAddress: Hashable, Comparable {
    var domain: Int32
    var bus: Int32
    var device: Int32
    var function: Int32

    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let last = parts.last?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, last.count == 2,
            let domain = Self.number(parts[0], maximum: .max), let bus = Self.number(parts[1], maximum: 0xFF),
            let device = Self.number(last[0], maximum: 0x1F), let function = Self.number(last[1], maximum: 7)
        else { return nil }
        (self.domain, self.bus, self.device, self.function) = (domain, bus, device, function)
    }

    init(_ address: kerf_pci_address) {
        (domain, bus, device, function) = (address.domain, address.bus, address.device, address.function)
    }

    var record: kerf_pci_address {
        kerf_pci_address(domain: domain, bus: bus, device: device, function: function)
    }

    static func < (left: PCIAddress, right: PCIAddress) -> Bool {
        (left.domain, left.bus, left.device, left.function) < (right.domain, right.bus, right.device, right.function)
    }

    var text: String {
        let digits = { (value: Int32, width: Int) in
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(digits(domain, 4)):\(digits(bus, 2)):\(digits(device, 2)).\(function)"
    }

    private static func number(_ text: Substring, maximum: Int32) -> Int32? {
        guard text.first?.isHexDigit == true, let value = Int32(text, radix: 16), value <= maximum else { return nil }
        return value
    }
}
