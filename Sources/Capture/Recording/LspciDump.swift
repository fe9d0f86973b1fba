/// Recorded configuration spaces as `lspci -xxxx` prints them, without names: what `lspci -F` reads.
enum LspciDump {
    /// - Parameter entries: what was recorded; every device's bytes are its file `config`.
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
