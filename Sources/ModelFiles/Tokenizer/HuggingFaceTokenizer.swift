import SystemIO
import SystemPackage

/// Reads `tokenizer.json`, the file of Hugging Face's `tokenizers`.
///
/// Source: the serialization of `tokenizers` 0.23. What Kerf does not support is refused with its field and value.
enum HuggingFaceTokenizer {
    static let fileName = "tokenizer.json"
    /// Llama 3's file has 9 MB, and 17 MB in its newer form. Reading takes up to 30 times the file in memory.
    private static let byteLimit = 40 << 20

    static func open(_ path: FilePath) throws(KerfError) -> Tokenizer {
        let bytes: [UInt8]
        do throws(KerfError) {
            bytes = try RegularFile.contents(of: path, limit: byteLimit)
        } catch {
            guard error.code == .noSuchFile else { throw error }
            throw KerfError(
                .noSuchFile, at: path.string, error.message, cause: error.cause,
                remedy: "give a tokenizer.json (transformers: tokenizer.save_pretrained writes it) or a GGUF file")
        }
        var definition = try definition(JSONField(bytes, file: path.string))
        let folder = path.removingLastComponent()
        let names = try SpecialTokenNames(folder: folder)
        definition.bosToken = try names.bos(definition) ?? definition.before.first
        definition.eosToken = try names.eos(definition) ?? definition.after.last
        try definition.validateAddedTokens(file: path.string)
        return Tokenizer(definition, origin: path.lastComponent?.string ?? fileName)
    }

    static func definition(_ file: JSONField) throws(KerfError) -> TokenizerDefinition {
        let normalizing = try file.optional("normalizer").map { (field) throws(KerfError) in
            try checked(normalizer(field), field)
        }
        let cutting = try file.optional("pre_tokenizer").map { (field) throws(KerfError) in
            try HuggingFacePreTokenizer(field, after: normalizing ?? [])
        }
        let model = try model(try file.required("model"), isByteLevel: cutting?.isByteLevel ?? false)
        var definition = TokenizerDefinition(model: model)
        definition.preTokenizer = PreTokenizer(steps: cutting?.steps ?? [])
        definition.normalizer = normalizing ?? []
        if let field = try file.optional("decoder") { definition.decoder = try decoder(field) }
        if let field = try file.optional("added_tokens") {
            definition.addedTokens = try addedTokens(field, model.vocabulary)
        }
        if let field = try file.optional("post_processor") {
            (definition.before, definition.after) = try specialTokens(field)
        }
        return definition
    }

    // MARK: - Model

    private static func model(_ field: JSONField, isByteLevel: Bool) throws(KerfError) -> BytePairModel {
        if let type = try field.optional("type"), try type.text() != "BPE" {
            throw type.unsupported("Kerf reads tokenizers of type BPE")
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = try field.optional(name), try !affix.text().isEmpty {
                throw affix.unsupported("Kerf reads tokenizers whose tokens are alike within a word and at its ends")
            }
        }
        if let dropout = try field.optional("dropout"), dropout.value.isNonzero {
            throw dropout.unsupported("Kerf reads tokenizers without dropout")
        }
        let fallback = try field.flag("byte_fallback", byDefault: false)
        if fallback, isByteLevel, let field = try field.optional("byte_fallback") {
            throw field.unsupported("a byte-level tokenizer needs none")
        }
        let vocabulary = try vocabulary(try field.required("vocab"))
        var model = BytePairModel(
            vocabulary, characters: isByteLevel ? .bytes : .scalars,
            ignoresMerges: try field.flag("ignore_merges", byDefault: false), byteFallback: fallback)
        model.fusesUnknown = try field.flag("fuse_unk", byDefault: false)
        if let unknown = try field.optional("unk_token") {
            model.unknown = vocabulary.id(of: try unknown.text())
            guard model.unknown != nil || model.hasEveryByte else {
                throw KerfError(.malformed, at: field.file, "\(unknown.place) is not a token of model.vocab")
            }
        }
        try addMerges(try field.required("merges"), to: &model)
        return model
    }

    private static func vocabulary(_ field: JSONField) throws(KerfError) -> Vocabulary {
        guard case .object(let members) = field.value else { throw field.wrong("an object") }
        var vocabulary = Vocabulary()
        for (content, value) in members {
            guard case .integer(let id) = value else {
                throw KerfError(.malformed, at: field.file, "\(field.place).\(quoted(content)) is not an integer")
            }
            try vocabulary.add(content.utf8, id: id, file: field.file)
        }
        return vocabulary
    }

    /// Pairs of tokens, as two texts or as one with a space between them.
    private static func addMerges(_ field: JSONField, to model: inout BytePairModel) throws(KerfError) {
        guard case .array(let elements) = field.value else { throw field.wrong("an array") }
        model.reserve(merges: elements.count)
        var rank: Int32 = 0
        for (index, element) in elements.enumerated() {
            let pair: [ArraySlice<UInt8>]
            switch element {
            case .text(let text) where text.hasPrefix("#version"): continue
            case .text(let text): pair = BytePairModel.pair(text)
            case .array(let parts):
                pair = parts.compactMap { part in
                    if case .text(let text) = part { ArraySlice(text.utf8) } else { nil }
                }
            default: pair = []
            }
            guard model.add(merge: pair, rank: rank) else {
                throw KerfError(
                    .malformed, at: field.file, "\(field.place)[\(index)] is not a pair of tokens that make a token")
            }
            rank += 1
        }
    }

    // MARK: - Added tokens

    private static func addedTokens(
        _ field: JSONField, _ vocabulary: Vocabulary
    ) throws(KerfError) -> [TokenizerDefinition.Added] {
        var added: [TokenizerDefinition.Added] = []
        // The id that `tokenizers` gives to a token which the vocabulary lacks.
        var free = Int32(vocabulary.count)
        for element in try field.elements() {
            let content = Array(try element.required("content").text().utf8)
            let stated = try element.required("id").integer()
            let id = vocabulary.id(of: content) ?? free
            if id == free { free += 1 }
            guard stated == Int(id) else {
                throw KerfError(
                    .malformed, at: field.file,
                    "\(element.place) has the id \(stated), but \(quoted(String(decoding: content, as: UTF8.self))) has \(id)"
                )
            }
            let token = AddedToken(
                content: content, id: id,
                isSingleWord: try element.flag("single_word", byDefault: false),
                stripsLeft: try element.flag("lstrip", byDefault: false),
                stripsRight: try element.flag("rstrip", byDefault: false),
                isSpecial: try element.flag("special", byDefault: false))
            let isNormalized = try element.flag("normalized", byDefault: true)
            added.append(TokenizerDefinition.Added(token: token, isNormalized: isNormalized))
        }
        return added
    }
}

extension JSONValue {
    fileprivate var isNonzero: Bool {
        switch self {
        case .integer(0): false
        case .number(let value): value != 0
        default: true
        }
    }
}
