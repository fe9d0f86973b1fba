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
