/// The text of a JSON file that another program wrote, before it is decoded.
package enum JSONText {
    /// The file's text as UTF-8 without a byte-order mark.
    ///
    /// - Parameter file: for the error message.
    /// - Throws: ``KerfError/Code/malformed`` for an empty file, one that holds something else than JSON by its first bytes,
    ///   a mark of UTF-16 before what is not UTF-16, and an object that has a key twice.
    package static func checked(_ bytes: [UInt8], file: String) throws(KerfError) -> [UInt8] {
        try ForeignContent.check(bytes, file: file)
        let text = try TextBytes.utf8(bytes, file: file)
        guard !text.isEmpty else {
            throw KerfError(.malformed, at: file, "is empty", remedy: "download the file again")
        }
        try JSONOutline.checkKeys(of: text, file: file)
        return text
    }
}
