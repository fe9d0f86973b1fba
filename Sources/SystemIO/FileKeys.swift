import FoundationEssentials

/// The keys of one version of a file: how they are spelled in the file and in Swift.
struct FileKeys: Sendable {
    /// Old name to current name, both in snake case; empty for the current version.
    private let renamed: [String: String]
    /// Current name to old name.
    private let original: [String: String]

    init(renamed: [String: String] = [:]) {
        self.renamed = renamed
        original = Dictionary(renamed.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// For the current version Foundation's own conversion, which is faster than one that sees every key.
    var decodingStrategy: JSONDecoder.KeyDecodingStrategy {
        guard !renamed.isEmpty else { return .convertFromSnakeCase }
        return .custom { [renamed, original] path in
            let key = path[path.count - 1]
            if key.intValue != nil { return key }
            // An older version has no field of a new name: like every field that its schema lacks, it is ignored.
            if original[key.stringValue] != nil {
                return FileKey(stringValue: "not of this version: \(key.stringValue)")
            }
            return FileKey(stringValue: Self.camelCase(renamed[key.stringValue] ?? key.stringValue))
        }
    }

    /// How the file spells a property's name.
    func name(of property: String) -> String {
        let name = property.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
        return original[name] ?? name
    }

    private static func camelCase(_ key: String) -> String {
        let words = key.split(separator: "_", omittingEmptySubsequences: false)
        guard words.count > 1, words.allSatisfy({ !$0.isEmpty }) else { return key }
        return words.dropFirst().reduce(into: String(words[0])) { $0 += $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    private struct FileKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
