/// The bytes of a text file as UTF-8 without a byte-order mark.
///
/// Spreadsheets write a mark before UTF-8, and `>` of Windows PowerShell writes UTF-16 with one. Both are still text.
package enum TextBytes {
    /// - Returns: the bytes as they are without a mark; `nil` for a mark of UTF-16 before what is not UTF-16.
    package static func utf8(_ bytes: [UInt8]) -> [UInt8]? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        if bytes.starts(with: [0xFF, 0xFE]) { return utf8(fromUTF16: bytes.dropFirst(2), lowByteFirst: true) }
        if bytes.starts(with: [0xFE, 0xFF]) { return utf8(fromUTF16: bytes.dropFirst(2), lowByteFirst: false) }
        return bytes
    }

    /// As ``utf8(_:)``, for a file that has to be text.
    ///
    /// - Throws: ``KerfError/Code/malformed`` for a mark of UTF-16 before what is not UTF-16.
    package static func utf8(_ bytes: [UInt8], file: String, remedy: Remedy? = nil) throws(KerfError) -> [UInt8] {
        if let text = utf8(bytes) { return text }
        throw KerfError(.malformed, at: file, "has the mark of UTF-16, but is not UTF-16", remedy: remedy)
    }

    /// The number of the line that holds a byte, from 1 on.
    package static func line(of offset: Int, in bytes: some Collection<UInt8>) -> Int {
        bytes.prefix(offset).reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    }

    private static func utf8(fromUTF16 bytes: ArraySlice<UInt8>, lowByteFirst: Bool) -> [UInt8]? {
        guard bytes.count % 2 == 0 else { return nil }
        let units = stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map { index in
            let (first, second) = (UInt16(bytes[index]), UInt16(bytes[index + 1]))
            return lowByteFirst ? second << 8 | first : first << 8 | second
        }
        return String(validating: units, as: UTF16.self).map { Array($0.utf8) }
    }
}
