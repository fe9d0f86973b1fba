/// Writes a plain ustar archive, which any tar unpacks.
///
/// The same entries give the same bytes: no time, no user.
struct TarWriter {
    private(set) var bytes: [UInt8] = []

    /// - Returns: `false`, with nothing written, when the path or the link's target is too long for the format
    ///   (100 bytes, and 155 before them up to a slash).
    mutating func append(_ entry: TarEntry) -> Bool {
        guard let (prefix, name) = Self.split(entry.path) else { return false }
        var header = [UInt8](repeating: 0, count: TarHeader.blockBytes)
        func put(_ text: String, _ field: Range<Int>) {
            header.replaceSubrange(field.lowerBound..<(field.lowerBound + text.utf8.count), with: text.utf8)
        }
        func put(octal value: Int, _ field: Range<Int>) {
            let digits = String(value, radix: 8)
            put(String(repeating: "0", count: field.count - 1 - digits.count) + digits, field)
        }
        put(name, TarHeader.name)
        put(prefix, TarHeader.prefix)
        put(octal: Int(entry.mode), TarHeader.mode)
        for field in [TarHeader.user, TarHeader.group, TarHeader.time] { put(octal: 0, field) }
        var data: [UInt8] = []
        switch entry.content {
        case .directory:
            header[TarHeader.type] = UInt8(ascii: "5")
        case .file(let contents):
            header[TarHeader.type] = UInt8(ascii: "0")
            data = contents
        case .link(let target):
            guard target.utf8.count <= TarHeader.linkName.count else { return false }
            header[TarHeader.type] = UInt8(ascii: "2")
            put(target, TarHeader.linkName)
        }
        put(octal: data.count, TarHeader.size)
        header.replaceSubrange(TarHeader.magic, with: TarHeader.ustar)
        put("00", TarHeader.version)
        let sum = String(TarHeader.sum(of: header[...]), radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", TarHeader.checksum)
        bytes += header
        bytes += data
        let rest = data.count % TarHeader.blockBytes
        if rest > 0 { bytes += [UInt8](repeating: 0, count: TarHeader.blockBytes - rest) }
        return true
    }

    /// The archive with its end.
    func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 2 * TarHeader.blockBytes) }

    /// The path in two parts at one of its slashes, as the format wants them.
    private static func split(_ path: String) -> (prefix: String, name: String)? {
        if path.utf8.count <= TarHeader.name.count { return ("", path) }
        let bytes = Array(path.utf8)
        // The name as long as it may be, so that the prefix is short.
        let earliest = bytes.count - TarHeader.name.count - 1
        guard
            let slash = bytes.indices.first(where: {
                $0 >= earliest && $0 <= TarHeader.prefix.count && bytes[$0] == UInt8(ascii: "/")
            }), slash > 0
        else { return nil }
        return (
            String(decoding: bytes[..<slash], as: UTF8.self), String(decoding: bytes[(slash + 1)...], as: UTF8.self)
        )
    }
}
