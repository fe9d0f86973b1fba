import SystemIO
import SystemPackage

/// The start and end tokens that the files beside a `tokenizer.json` name: `tokenizer_config.json` by content, or
/// `config.json` by id.
struct SpecialTokenNames {
    private static let byteLimit = 1 << 24

    private let named: JSONField?
    private let numbered: JSONField?

    /// - Parameter folder: empty for the current one.
    init(folder: FilePath) throws(KerfError) {
        named = try Self.read(folder.appending("tokenizer_config.json"))
        numbered = try Self.read(folder.appending(SafetensorsFolder.configName))
    }

    private static func read(_ path: FilePath) throws(KerfError) -> JSONField? {
        guard RegularFile.exists(path) else { return nil }
        return try JSONField(try RegularFile.contents(of: path, limit: byteLimit), file: path.string)
    }

    func bos(_ definition: TokenizerDefinition) throws(KerfError) -> Int32? { try token("bos_token", definition) }

    func eos(_ definition: TokenizerDefinition) throws(KerfError) -> Int32? { try token("eos_token", definition) }

    private func token(_ name: String, _ definition: TokenizerDefinition) throws(KerfError) -> Int32? {
        if let field = try named?.optional(name) {
            // A text, or an added token with its settings.
            let content: String
            if case .object = field.value {
                content = try field.required("content").text()
            } else {
                content = try field.text()
            }
            let added = definition.addedTokens.last { $0.token.content == Array(content.utf8) }?.token.id
            if let id = added ?? definition.model.vocabulary.id(of: content) { return id }
            throw KerfError(.malformed, at: field.file, "\(name) is \(quoted(content)), which is not a token")
        }
        guard let field = try numbered?.optional(name + "_id") else { return nil }
        // Llama 3 has several end tokens, of which the first ends a text.
        let first: JSONField
        if case .array = field.value {
            guard let element = try field.elements().first else { return nil }
            first = element
        } else {
            first = field
        }
        let id = try first.integer()
        guard (0..<Vocabulary.sizeLimit).contains(id) else { throw first.wrong("a token id") }
        return Int32(id)
    }
}
