import SystemIO

extension HuggingFaceTokenizer {
    /// The steps of `normalizer`.
    static func normalizer(_ field: JSONField) throws(KerfError) -> [NormalizerStep] {
        let type = try field.required("type")
        switch try type.text() {
        case "Sequence": return try sequence(field, "normalizers", normalizer)
        case "Prepend": return [.prepend(Array(try field.required("prepend").text().utf8))]
        case "Replace": return [.replace(try pattern(field), with: Array(try field.required("content").text().utf8))]
        case "NFC": return [.nfc]
        default: throw type.unsupported("Kerf reads the normalizers Prepend, Replace, NFC and Sequence")
        }
    }

    /// Steps that cannot make a text many times as long: a hostile file could fill the memory with a short one.
    static func checked(_ steps: [NormalizerStep], _ field: JSONField) throws(KerfError) -> [NormalizerStep] {
        var growth = 1
        for step in steps {
            switch step {
            case .prepend(let prefix): growth += prefix.count / 64
            case .replace(let pattern, let replacement):
                // The growth of 2,048 and more is that of a hostile file, and is not multiplied further.
                growth = min(growth, 2048) * max(1, min((replacement.count + pattern.count - 1) / pattern.count, 2048))
            case .nfc: growth = min(growth, 2048) * 3
            }
        }
        guard growth <= 64 else { throw field.wrong("a normalizer that makes a text at most 64 times as long") }
        return steps
    }

    /// The steps of `decoder`.
    static func decoder(_ field: JSONField) throws(KerfError) -> [DecoderStep] {
        let type = try field.required("type")
        switch try type.text() {
        case "Sequence": return try sequence(field, "decoders", decoder)
        case "ByteLevel": return [.byteLevel]
        case "Replace": return [.replace(try pattern(field), with: Array(try field.required("content").text().utf8))]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Strip":
            let content = Array(try field.required("content").text().utf8)
            return [.strip(content, start: try count(field, "start"), stop: try count(field, "stop"))]
        case "Metaspace":
            let metaspace = try MetaspaceField(field)
            return [.metaspace(replacement: metaspace.replacement, isPrepended: metaspace.prepending != .never)]
        default:
            throw type.unsupported(
                "Kerf reads the decoders ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace and Sequence")
        }
    }

    /// The tokens that `post_processor` puts before and after a single text.
    static func specialTokens(_ field: JSONField) throws(KerfError) -> (before: [Int32], after: [Int32]) {
        let type = try field.required("type")
        switch try type.text() {
        // Changes the offsets of tokens only, which Kerf does not compute.
        case "ByteLevel": return ([], [])
        case "Sequence":
            var (before, after): ([Int32], [Int32]) = ([], [])
            for element in try field.required("processors").elements() {
                let tokens = try specialTokens(element)
                (before, after) = (tokens.before + before, after + tokens.after)
            }
            return (before, after)
        case "TemplateProcessing": return try template(field)
        default: throw type.unsupported("Kerf reads the post-processors ByteLevel, TemplateProcessing and Sequence")
        }
    }

    private static func template(_ field: JSONField) throws(KerfError) -> (before: [Int32], after: [Int32]) {
        var tokens: [[Int32]] = [[]]
        let ids = try field.required("special_tokens")
        for piece in try field.required("single").elements() {
            if let sequence = try piece.optional("Sequence") {
                let id = try sequence.required("id")
                guard try id.text() == "A", tokens.count == 1 else {
                    throw id.unsupported("Kerf reads templates that hold the text once")
                }
                tokens.append([])
            } else {
                let name = try piece.required("SpecialToken").required("id").text()
                for id in try ids.required(name).required("ids").elements() {
                    let value = try id.integer()
                    guard (0..<Vocabulary.sizeLimit).contains(value) else { throw id.wrong("a token id") }
                    tokens[tokens.count - 1].append(Int32(value))
                }
            }
        }
        guard tokens.count == 2 else {
            throw KerfError(.malformed, at: field.file, "\(field.place).single does not hold the text")
        }
        return (tokens[0], tokens[1])
    }

    private static func sequence<Step>(
        _ field: JSONField, _ name: String, _ steps: (JSONField) throws(KerfError) -> [Step]
    ) throws(KerfError) -> [Step] {
        var all: [Step] = []
        for element in try field.required(name).elements() { all += try steps(element) }
        return all
    }

    /// The text that is replaced.
    private static func pattern(_ field: JSONField) throws(KerfError) -> [UInt8] {
        let pattern = try field.required("pattern")
        guard let text = try pattern.optional("String") else {
            throw try (pattern.optional("Regex") ?? pattern).unsupported("Kerf replaces texts only")
        }
        let bytes = Array(try text.text().utf8)
        guard !bytes.isEmpty else { throw text.wrong("a text that is not empty") }
        return bytes
    }

    private static func count(_ field: JSONField, _ name: String) throws(KerfError) -> Int {
        let count = try field.required(name)
        let value = try count.integer()
        guard (0...1024).contains(value) else { throw count.wrong("a count up to 1024") }
        return value
    }
}

/// What the pre-tokenizer and the decoder `Metaspace` share.
struct MetaspaceField {
    let replacement: [UInt8]
    let prepending: PreTokenizerStep.Prepending

    init(_ field: JSONField) throws(KerfError) {
        let mark = try field.required("replacement")
        replacement = Array(try mark.text().utf8)
        guard try mark.text().unicodeScalars.count == 1 else { throw mark.wrong("one character") }
        guard let scheme = try field.optional("prepend_scheme") else {
            // Files from before the scheme had a name.
            prepending = try field.flag("add_prefix_space", byDefault: true) ? .always : .never
            return
        }
        guard let prepending = PreTokenizerStep.Prepending(rawValue: try scheme.text()) else {
            throw scheme.wrong("first, never or always")
        }
        self.prepending = prepending
    }
}
