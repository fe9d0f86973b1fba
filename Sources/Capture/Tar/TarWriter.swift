/// Writes a ustar archive, which any tar unpacks.
///
/// Names that its header has no room for go into a pax extended header before the member. The same entries give the
/// same bytes, since no time and no user is recorded.
struct TarWriter {
    private(set) var bytes: [UInt8] = []

    /// - Returns: `false`, with nothing written, when the path or the link's target is longer than any that can be
    ///   unpacked (``TarEntry/maximumNameBytes``).
    mutating func append(_ entry: TarEntry) -> Bool {
        var records = PaxRecords()
        let place: (prefix: String, name: String)
        if let parts = Self.split(entry.path) {
            place = parts
        } else {
            guard Self.fits(entry.path) else { return false }
            records.path = entry.path
            place = ("", Self.start(of: entry.path))
        }
        var linkName = ""
        if case .link(let target) = entry.content {
            if target.utf8.count > TarHeader.linkName.count {
                guard target.utf8.count <= TarEntry.maximumNameBytes else { return false }
                records.linkPath = target
            }
            linkName = Self.start(of: target)
        }
        if !records.isEmpty {
            append(type: PaxRecords.type, place: ("", PaxRecords.memberName), mode: 0o644, data: records.bytes)
        }
        switch entry.content {
        case .directory: append(type: UInt8(ascii: "5"), place: place, mode: entry.mode)
        case .file(let contents): append(type: UInt8(ascii: "0"), place: place, mode: entry.mode, data: contents)
        case .link: append(type: UInt8(ascii: "2"), place: place, mode: entry.mode, linkName: linkName)
        }
        return true
    }

    /// The archive with its end.
    func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 2 * TarHeader.blockBytes) }

    /// A header and its data, padded to whole blocks.
    private mutating func append(
        type: UInt8, place: (prefix: String, name: String), mode: UInt16, linkName: String = "", data: [UInt8] = []
    ) {
        var header = [UInt8](repeating: 0, count: TarHeader.blockBytes)
        func put(_ text: String, _ field: Range<Int>) {
            header.replaceSubrange(field.lowerBound..<(field.lowerBound + text.utf8.count), with: text.utf8)
        }
        func put(octal value: Int, _ field: Range<Int>) {
            let digits = String(value, radix: 8)
            put(String(repeating: "0", count: field.count - 1 - digits.count) + digits, field)
        }
        put(place.name, TarHeader.name)
        put(place.prefix, TarHeader.prefix)
        put(linkName, TarHeader.linkName)
        put(octal: Int(mode), TarHeader.mode)
        for field in [TarHeader.user, TarHeader.group, TarHeader.time] { put(octal: 0, field) }
        put(octal: data.count, TarHeader.size)
        header[TarHeader.type] = type
        header.replaceSubrange(TarHeader.magic, with: TarHeader.ustar)
        put("00", TarHeader.version)
        let sum = String(TarHeader.sum(of: header[...]), radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", TarHeader.checksum)
        bytes += header
        bytes += data
        let rest = data.count % TarHeader.blockBytes
        if rest > 0 { bytes += [UInt8](repeating: 0, count: TarHeader.blockBytes - rest) }
    }

    /// The path in two parts at one of its slashes: 155 bytes before it and 100 after it.
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

    private static func fits(_ path: String) -> Bool {
        path.utf8.count <= TarEntry.maximumNameBytes
            && path.utf8.split(separator: UInt8(ascii: "/")).allSatisfy { $0.count <= TarEntry.maximumComponentBytes }
    }

    /// As much of a name as the header has room for, cut between characters.
    private static func start(of name: String) -> String {
        var bytes = Array(name.utf8.prefix(TarHeader.name.count))
        while String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
