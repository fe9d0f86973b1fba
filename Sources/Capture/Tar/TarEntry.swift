/// One member of an archive.
package struct TarEntry: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case directory
        case file([UInt8])
        /// The target of a symbolic link, exactly as it is written.
        case link(String)
    }

    /// Bytes that a path or a link's target may have.
    ///
    /// PATH_MAX is 4096 with the NUL at the end; what is left is for the directory into which a capture is unpacked.
    static let maximumNameBytes = 3072
    /// Bytes of one component of a path. Source: limits.h, NAME_MAX.
    static let maximumComponentBytes = 255

    /// Relative, without `.` and `..`: `sys/class/powercap`.
    package var path: String
    package var content: Content
    /// Permission bits.
    package var mode: UInt16

    package init(_ path: String, _ content: Content, mode: UInt16? = nil) {
        self.path = path
        self.content = content
        self.mode = mode ?? (content == .directory ? 0o755 : 0o644)
    }

    /// A name as text; `nil` when it is not UTF-8 or has control characters in it.
    static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self),
            !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 })
        else { return nil }
        return text
    }
}

/// The layout of a member's header, one block before its bytes.
///
/// Source: POSIX.1-1988, `ustar` interchange format (IEEE Std 1003.1, pax, "ustar Interchange Format").
enum TarHeader {
    static let blockBytes = 512
    static let name = 0..<100
    static let mode = 100..<108
    static let user = 108..<116
    static let group = 116..<124
    static let size = 124..<136
    static let time = 136..<148
    static let checksum = 148..<156
    static let type = 156
    static let linkName = 157..<257
    static let magic = 257..<263
    static let version = 263..<265
    static let prefix = 345..<500

    static let ustar = Array("ustar\0".utf8)

    /// The sum of all bytes, with those of the checksum itself counted as spaces.
    static func sum(of header: ArraySlice<UInt8>) -> Int {
        header.indices.reduce(0) { sum, index in
            let inside = checksum.contains(index - header.startIndex)
            return sum + (inside ? 32 : Int(header[index]))
        }
    }
}
