import SystemIO

/// What a tokenizer consists of, whichever file it came from.
struct TokenizerDefinition: Sendable {
    struct Added: Sendable {
        var token: AddedToken
        /// Whether it is found in the normalized text rather than in the text as it is.
        var isNormalized: Bool
    }

    var model: BytePairModel
    var addedTokens: [Added] = []
    var normalizer: [NormalizerStep] = []
    var preTokenizer = PreTokenizer()
    /// `nil`: tokens are joined by spaces.
    var decoder: [DecoderStep]?
    /// Tokens before a text.
    var before: [Int32] = []
    /// Tokens after a text.
    var after: [Int32] = []
    var bosToken: Int32?
    var eosToken: Int32?

    /// Bounds the time that searching for added tokens takes, and the memory of the trie.
    ///
    /// - Throws: `malformed` for a token of more than 1,024 bytes, or more than 4 MiB in all.
    func validateAddedTokens(file: String) throws(KerfError) {
        if let long = addedTokens.first(where: { $0.token.content.count > 1024 }) {
            throw KerfError(.malformed, at: file, "the added token \(long.token.id) has more than 1024 bytes")
        }
        guard addedTokens.reduce(0, { $0 + $1.token.content.count }) <= 4 << 20 else {
            throw KerfError(.malformed, at: file, "the added tokens have more than 4 MiB")
        }
    }

    /// The normalizer; that of a continuation puts nothing in front of the text.
    func normalizer(isContinuation: Bool) -> [NormalizerStep] {
        guard isContinuation else { return normalizer }
        return normalizer.filter { step in
            if case .prepend = step { return false }
            return true
        }
    }

    /// The pre-tokenizer; that of a continuation puts nothing in front of the text.
    func preTokenizer(isContinuation: Bool) -> PreTokenizer {
        guard isContinuation else { return preTokenizer }
        return PreTokenizer(
            steps: preTokenizer.steps.compactMap { step in
                switch step {
                case .prefixSpace: nil
                case .metaspace(let replacement, _, let splits):
                    .metaspace(replacement: replacement, prepends: .never, splits: splits)
                case .split, .digits: step
                }
            })
    }
}
