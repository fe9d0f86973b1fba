import SystemIO
import SystemPackage

/// Reads the tokenizer of a GGUF file from its metadata.
///
/// Source: ggml, docs/gguf.md, "Tokenizer"; llama.cpp, `llama_token_type`. The text of control and user-defined tokens is
/// found in a text, as it is by the `tokenizers` object from which such a file was converted.
enum GGUFTokenizer {
    /// `llama_token_type`
    private enum TokenType: Int64 {
        case undefined, normal, unknown, control, userDefined, unused, byte
    }

    static func open(_ path: FilePath) throws(KerfError) -> Tokenizer {
        let file = try GGUFFile(path)
        let definition = try definition(file)
        try definition.validateAddedTokens(file: file.name)
        return Tokenizer(definition, origin: path.lastComponent?.string ?? "gguf")
    }

    private static func definition(_ file: GGUFFile) throws(KerfError) -> TokenizerDefinition {
        guard let kind = try file.string("tokenizer.ggml.model") else {
            throw KerfError(
                .unsupported, at: file.name, "has no tokenizer: tokenizer.ggml.model is missing",
                remedy: "convert the model with its tokenizer")
        }
        guard let tokens = try file.texts("tokenizer.ggml.tokens") else { throw missing(file, "tokens") }
        var vocabulary = Vocabulary()
        for (id, content) in tokens.enumerated() { try vocabulary.add(content.utf8, id: id, file: file.name) }
        let types = try types(file, count: tokens.count)
        var definition: TokenizerDefinition
        switch kind {
        case "gpt2": definition = try byteLevel(file, vocabulary)
        case "llama": definition = try sentencePiece(file, vocabulary, types)
        default:
            throw unsupported(file, "model", kind, "Kerf reads gpt2 (byte-level) and llama (SentencePiece)")
        }
        definition.addedTokens = zip(tokens, types).enumerated().compactMap { id, entry in
            guard [.unknown, .control, .userDefined].contains(entry.1) else { return nil }
            let token = AddedToken(content: Array(entry.0.utf8), id: Int32(id), isSpecial: entry.1 != .userDefined)
            return TokenizerDefinition.Added(token: token, isNormalized: false)
        }
        definition.bosToken = try token(file, "bos", vocabulary)
        definition.eosToken = try token(file, "eos", vocabulary)
        let isLlama3 = definition.model.ignoresMerges
        if try file.boolean("tokenizer.ggml.add_bos_token") ?? (kind == "llama" || isLlama3) {
            definition.before = definition.bosToken.map { [$0] } ?? []
        }
        if try file.boolean("tokenizer.ggml.add_eos_token") ?? false {
            definition.after = definition.eosToken.map { [$0] } ?? []
        }
        return definition
    }

    // MARK: - Byte-level

    private static func byteLevel(
        _ file: GGUFFile, _ vocabulary: Vocabulary
    ) throws(KerfError) -> TokenizerDefinition {
        let name = try file.string("tokenizer.ggml.pre") ?? "default"
        guard let pre = BytePreTokenizer(ggufName: name) else {
            throw unsupported(file, "pre", name, .text("Kerf reads \(BytePreTokenizer.names)"))
        }
        guard let merges = try file.texts("tokenizer.ggml.merges") else { throw missing(file, "merges") }
        var model = BytePairModel(vocabulary, characters: .bytes, ignoresMerges: pre == .llama3)
        model.reserve(merges: merges.count)
        for (rank, merge) in merges.enumerated() {
            guard model.add(merge: BytePairModel.pair(merge), rank: Int32(rank)) else {
                throw KerfError(
                    .malformed, at: file.name,
                    "tokenizer.ggml.merges[\(rank)] is not a pair of tokens that make a token")
            }
        }
        var definition = TokenizerDefinition(model: model)
        definition.normalizer = pre == .qwen2 ? [.nfc] : []
        let prefix: [PreTokenizerStep] =
            try file.boolean("tokenizer.ggml.add_space_prefix") ?? false ? [.prefixSpace] : []
        definition.preTokenizer = PreTokenizer(steps: prefix + pre.steps)
        definition.decoder = [.byteLevel]
        return definition
    }

    // MARK: - SentencePiece

    private static func sentencePiece(
        _ file: GGUFFile, _ vocabulary: Vocabulary, _ types: [TokenType]
    ) throws(KerfError) -> TokenizerDefinition {
        if try file.boolean("tokenizer.ggml.remove_extra_whitespaces") ?? false {
            throw unsupported(file, "remove_extra_whitespaces", "true", "Kerf reads tokenizers that keep white space")
        }
        if case .array(let map) = file.header.metadata["tokenizer.ggml.precompiled_charsmap"], map.count > 0 {
            throw unsupported(
                file, "precompiled_charsmap", "set", "Kerf reads tokenizers that keep characters as they are")
        }
        guard let scores = try file.floats("tokenizer.ggml.scores"), scores.count == types.count else {
            throw missing(file, "scores, one for each token,")
        }
        var model = BytePairModel(vocabulary, characters: .scalars, ignoresMerges: false, byteFallback: true)
        model.unknown = try token(file, "unknown", vocabulary)
        model.fusesUnknown = true
        let isMade = types.map { $0 == .normal || $0 == .unused }
        try ScoredMerges(vocabulary: vocabulary, scores: scores, isMade: isMade, file: file.name).add(to: &model)
        var definition = TokenizerDefinition(model: model)
        let mark = Array("\u{2581}".utf8)
        let prefixes = try file.boolean("tokenizer.ggml.add_space_prefix") ?? true
        definition.normalizer = (prefixes ? [.prepend(mark)] : []) + [.replace([0x20], with: mark)]
        definition.decoder =
            [.replace(mark, with: [0x20]), .byteFallback, .fuse] + (prefixes ? [.strip([0x20], start: 1, stop: 0)] : [])
        return definition
    }

    // MARK: - Fields

    private static func types(_ file: GGUFFile, count: Int) throws(KerfError) -> [TokenType] {
        guard let numbers = try file.integers("tokenizer.ggml.token_type"), numbers.count == count else {
            throw missing(file, "token_type, one for each token,")
        }
        let types = numbers.compactMap(TokenType.init)
        guard types.count == count else {
            throw KerfError(.malformed, at: file.name, "tokenizer.ggml.token_type has a type that is not known")
        }
        return types
    }

    private static func token(
        _ file: GGUFFile, _ name: String, _ vocabulary: Vocabulary
    ) throws(KerfError) -> Int32? {
        guard let id = try file.integer("tokenizer.ggml.\(name)_token_id") else { return nil }
        guard id < vocabulary.size else {
            throw KerfError(.malformed, at: file.name, "tokenizer.ggml.\(name)_token_id is \(id), which is not a token")
        }
        return Int32(id)
    }

    private static func missing(_ file: GGUFFile, _ what: String) -> KerfError {
        KerfError(.malformed, at: file.name, "tokenizer.ggml.\(what) is missing or of another type")
    }

    private static func unsupported(
        _ file: GGUFFile, _ field: String, _ value: String, _ remedy: Remedy
    ) -> KerfError {
        KerfError(.unsupported, at: file.name, "tokenizer.ggml.\(field) is \(quoted(value))", remedy: remedy)
    }
}
