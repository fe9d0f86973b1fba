/// The Device Serial Number capability in a PCI device's configuration space: on network cards it holds the MAC address.
///
/// Source: PCI Express Base Specification, section 7.9.3 (capability 0003h) and 7.6.3 (the list of extended
/// capabilities, which starts at 100h).
enum PCISerialNumber {
    private static let identifier = 0x0003
    private static let firstCapability = 0x100

    /// The configuration space with zeros for the serial number; as it is where there is none.
    static func removed(from configuration: [UInt8]) -> [UInt8] {
        var bytes = configuration
        var offset = firstCapability
        var visited: Set<Int> = []
        // A list may loop in a damaged device.
        while offset >= firstCapability, offset + 12 <= bytes.count, visited.insert(offset).inserted {
            let header = (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
            if header & 0xFFFF == identifier {
                for index in (offset + 4)..<(offset + 12) { bytes[index] = 0 }
            }
            offset = header >> 20 & 0xFFC
        }
        return bytes
    }
}
