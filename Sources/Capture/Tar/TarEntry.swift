/// One member of an archive.
package struct TarEntry: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case directory
        case file([UInt8])
        /// The target as it is written.
        case link(String)
    }

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

    /// The sum of all bytes, those of the checksum itself counted as blanks.
    static func sum(of header: ArraySlice<UInt8>) -> Int {
        header.indices.reduce(0) { sum, index in
            let inside = checksum.contains(index - header.startIndex)
            return sum + (inside ? 32 : Int(header[index]))
        }
    }
}
