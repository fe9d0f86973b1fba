import FoundationEssentials

extension KerfJSON {
    /// The name of a file's schema, for commands that take files of several kinds.
    ///
    /// - Throws: ``KerfError/Code/malformed`` for what is not a file of Kerf's.
    package static func schema(of bytes: [UInt8], named name: String) throws(KerfError) -> String {
        struct Header: Decodable {
            var schema: String
        }
        guard !bytes.isEmpty else { throw KerfError(.malformed, at: name, "the file is empty") }
        do {
            return try JSONDecoder().decode(Header.self, from: Data(try TextBytes.utf8(bytes, file: name))).schema
        } catch {
            if let error = error as? KerfError { throw error }
            try ForeignContent.check(bytes, file: name)
            throw KerfError(.malformed, at: name, "not a file of Kerf's: \(fault(error))")
        }
    }
}
