import FoundationEssentials

/// Words of the dictionaries for Kerf's own files.
enum SchemaWords {
    /// Values at the limits of JSON's numbers, and empty ones.
    static let values: Set<String> = ["null", "1e308", "-1e308", "5e-324", "9223372036854775807", "[]", "{}"]

    /// All names and fixed values of one of Kerf's schemas, in quotation marks as in a file.
    static func words(ofSchema name: String) throws -> Set<String> {
        let file = URL(filePath: #filePath).appending(path: "../../../Profiles/schema/\(name).schema.json").standardized
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let words = text.split(separator: "\"").filter { word in
            word.utf8.allSatisfy {
                $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
            }
        }
        return Set(words.map { "\"\($0)\"" }).union(values)
    }
}
