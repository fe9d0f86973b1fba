/// The records of a pax extended header: what the header of the next member has no room for.
///
/// Each record is `LENGTH KEY=VALUE\n`, with the length of the whole record, in bytes, in decimal digits.
///
/// Source: POSIX.1-2001 (IEEE Std 1003.1), pax, "pax Extended Header".
struct PaxRecords: Equatable {
    /// The type of the member that holds the records.
    static let type = UInt8(ascii: "x")
    /// Name of that member. Only a tar that does not know the format shows it.
    static let memberName = "PaxHeaders/kerf"
    /// Bytes of records that one member may have: two names, and what other programs add.
    static let maximumBytes = 4 * TarEntry.maximumNameBytes

    /// Keys that change neither name nor contents of a member, as GNU tar and Python's tarfile write them.
    private static let ignoredKeys: Set<String> = [
        "atime", "comment", "ctime", "gid", "gname", "mtime", "uid", "uname",
    ]

    /// The member's path.
    var path: String?
    /// The target of a symbolic link.
    var linkPath: String?

    var isEmpty: Bool { path == nil && linkPath == nil }

    // MARK: - Writing

    var bytes: [UInt8] {
        [("linkpath", linkPath), ("path", path)].flatMap { key, value in
            value.map { Self.record(key, $0) } ?? []
        }
    }

    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        // The length counts its own digits.
        var length = rest.utf8.count
        while "\(length)".utf8.count + rest.utf8.count != length { length = "\(length)".utf8.count + rest.utf8.count }
        return Array("\(length)\(rest)".utf8)
    }

    // MARK: - Reading

    init(path: String? = nil, linkPath: String? = nil) {
        self.path = path
        self.linkPath = linkPath
    }

    /// Why records are refused.
    enum Defect: Error, Equatable {
        /// A length that is not a number or does not end at a line break, no key, or a value that is not text.
        case malformed
        /// A key that appears twice.
        case repeated(String)
        /// A key that would change how the member is read.
        case unsupported(String)
    }

    /// - Parameter bytes: contents of the extended header; nothing in them is trusted.
    init(reading bytes: ArraySlice<UInt8>) throws(Defect) {
        var rest = bytes
        var seen: Set<String> = []
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != UInt8(ascii: " ") }
            guard (1...6).contains(digits.count), digits.allSatisfy(\.isDecimalDigit),
                let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1,
                length <= rest.count
            else { throw .malformed }
            let record = rest.prefix(length)
            rest = rest.dropFirst(length)
            guard record.last == UInt8(ascii: "\n"), let equals = record.firstIndex(of: UInt8(ascii: "=")),
                let key = TarEntry.text(record[(digits.endIndex + 1)..<equals]), !key.isEmpty,
                let value = TarEntry.text(record[(equals + 1)...].dropLast())
            else { throw .malformed }
            guard seen.insert(key).inserted else { throw .repeated(key) }
            switch key {
            // An empty value would cancel the record and leave the header's own.
            case "path", "linkpath":
                guard !value.isEmpty, value.utf8.count <= TarEntry.maximumNameBytes else { throw .malformed }
                if key == "path" { path = value } else { linkPath = value }
            case let key where Self.ignoredKeys.contains(key): break
            default: throw .unsupported(key)
            }
        }
    }
}
