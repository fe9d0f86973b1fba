import SystemIO

/// The steps of `pre_tokenizer`.
struct HuggingFacePreTokenizer {
    private(set) var steps: [PreTokenizerStep] = []
    /// Whether words become bytes in the end.
    private(set) var isByteLevel = false

    private let normalizer: [NormalizerStep]

    /// - Parameter normalizer: what has been applied to the text before.
    init(_ field: JSONField, after normalizer: [NormalizerStep]) throws(KerfError) {
        self.normalizer = normalizer
        try add(field)
    }

    private mutating func add(_ field: JSONField) throws(KerfError) {
        let type = try field.required("type")
        let name = try type.text()
        if name == "Sequence" {
            for element in try field.required("pretokenizers").elements() { try add(element) }
            return
        }
        // After these, words are no longer stretches of the text.
        if isByteLevel || hasMetaspace {
            throw type.unsupported("Kerf reads pre-tokenizers of which ByteLevel or Metaspace is the last")
        }
        switch name {
        case "ByteLevel":
            isByteLevel = true
            if try field.flag("add_prefix_space", byDefault: true) { steps.append(.prefixSpace) }
            if try field.flag("use_regex", byDefault: true) { steps.append(.split(.gpt2)) }
        case "Digits": steps.append(.digits(individual: try field.flag("individual_digits", byDefault: false)))
        case "Split":
            // Gemma splits by spaces, of which its normalizer has left none.
            if try !splitsByNothing(field) { steps.append(.split(try pattern(field))) }
        case "Metaspace":
            let metaspace = try MetaspaceField(field)
            guard steps.isEmpty else { throw type.unsupported("Kerf reads Metaspace alone") }
            steps.append(
                .metaspace(
                    replacement: metaspace.replacement, prepends: metaspace.prepending,
                    splits: try field.flag("split", byDefault: true)))
        default:
            throw type.unsupported("Kerf reads the pre-tokenizers ByteLevel, Split, Digits, Metaspace and Sequence")
        }
    }

    private var hasMetaspace: Bool {
        if case .metaspace = steps.last { true } else { false }
    }

    /// Whether a pattern is one character that the normalizer has replaced everywhere.
    private func splitsByNothing(_ field: JSONField) throws(KerfError) -> Bool {
        guard let text = try field.required("pattern").optional("String") else { return false }
        let bytes = Array(try text.text().utf8)
        guard bytes.count == 1 else { return false }
        return normalizer.reduce(false) { isGone, step in
            switch step {
            case .replace(bytes, let replacement): !replacement.contains(bytes[0])
            case .replace(_, let added), .prepend(let added): isGone && !added.contains(bytes[0])
            case .nfc: isGone
            }
        }
    }

    private func pattern(_ field: JSONField) throws(KerfError) -> SplitPattern {
        let text = try field.required("pattern")
        guard let expression = try text.optional("Regex") else {
            throw try (text.optional("String") ?? text).unsupported(
                "Kerf splits by the expressions of Llama 3, Qwen 2 and GPT-2")
        }
        guard let pattern = SplitPattern(regularExpression: try expression.text()) else {
            throw expression.unsupported("Kerf splits by the expressions of Llama 3, Qwen 2 and GPT-2")
        }
        // Matches have no gaps between them. So what is kept of them are all words, or none.
        let behavior = try field.required("behavior")
        let isInverted = try field.flag("invert", byDefault: false)
        switch (try behavior.text(), isInverted) {
        case ("Isolated", _), ("Removed", true): return pattern
        default: throw behavior.unsupported("Kerf reads patterns whose matches are words")
        }
    }
}
