/// The Device Serial Number capability in a PCI device's configuration space, which contains the MAC address on network
/// cards.
///
/// Source: PCI Express Base Specification, section 7.9.3 (capability 0003h) and 7.6.3 (the list of extended
/// capabilities, which starts at 100h).
enum PCISerialNumber {
    private static let identifier = 0x0003
    private static let firstCapability = 0x100

    /// The configuration space with zeros instead of the serial number; unchanged without one.
    static func removed(from configuration: [UInt8]) -> [UInt8] {
        var bytes = configuration
        var offset = firstCapability
        var visited: Set<Int> = []
        // The list of a damaged device may have a loop.
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

/// Recorded configuration spaces in the format of `lspci -xxxx` without names, which `lspci -F` reads.
enum LspciDump {
    /// - Parameter entries: the recorded files; a device's configuration space is its file `config`.
    static func text(of entries: [String: TarEntry]) -> String {
        let devices = entries.values.compactMap { entry -> (address: String, block: String)? in
            let parts = entry.path.split(separator: "/")
            guard parts.last == "config", parts.count > 1, case .file(let bytes) = entry.content, bytes.count >= 64
            else { return nil }
            let address = String(parts[parts.count - 2])
            return (address, block(address, bytes))
        }
        return devices.sorted { $0.address < $1.address }.map(\.block).joined(separator: "\n")
    }

    private static func block(_ address: String, _ bytes: [UInt8]) -> String {
        let lines = stride(from: 0, to: bytes.count, by: 16).map { offset in
            let row = bytes[offset..<min(offset + 16, bytes.count)].map { hexadecimal(Int($0)) }
            return "\(hexadecimal(offset)): " + row.joined(separator: " ")
        }
        return "\(address) device\n" + lines.joined(separator: "\n") + "\n"
    }

    private static func hexadecimal(_ value: Int) -> String {
        let digits = String(value, radix: 16)
        return digits.count < 2 ? "0" + digits : digits
    }
}
