import SystemIO
import SystemPackage

/// Reads Hugging Face's `config.json` of the Llama family.
///
/// Defaults are those of the file's own family, ``HuggingFaceFamily``. Without a sliding window Mistral is the same
/// computation as Llama. A field that would change the computation is refused, not ignored.
package enum HuggingFaceConfig {
    /// Real files have one to two kilobytes.
    static let sizeLimit = 1 << 20
    private static let supported = "Kerf reads model_type llama, and mistral without a sliding window"

    /// The model that a `config.json` describes.
    ///
    /// - Parameter name: the model's name; by default that of the file, or of its folder for `config.json`.
    /// - Throws: ``KerfError``: `unreadable`, `malformed`, `unsupported` for another architecture or a variant,
    ///   `impossibleShape` naming the field.
    package static func model(at path: FilePath, name: String? = nil) throws(KerfError) -> ModelConfig {
        let bytes = try RegularFile.contents(of: path, limit: sizeLimit)
        if bytes.starts(with: GGUFHeader.magic) {
            throw KerfError(
                .malformed, at: path.string, "is a GGUF file, not a config.json", remedy: "give it as the weights")
        }
        let file = path.string
        let family = try JSONFile.decode(HuggingFaceFields.Family.self, from: bytes, file: file)
        let defaults = try defaults(of: family, file: file)
        if let found = family.quantization { throw found.content.refusal(field: found.field, file: file) }
        let fields = try JSONFile.decode(HuggingFaceFields.self, from: bytes, file: file)
        try checkVariants(fields, defaults, file: file)
        return try model(fields, defaults, name: name ?? defaultName(path), file: file)
    }

    private static func model(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, name: String, file: String
    ) throws(KerfError) -> ModelConfig {
        let keyValueHeads = fields.statesKeyValueHeadCount ? fields.keyValueHeadCount : defaults.keyValueHeadCount
        let model = ModelConfig(
            name: name,
            hiddenSize: fields.hiddenSize,
            blockCount: fields.blockCount,
            headCount: fields.headCount,
            keyValueHeadCount: keyValueHeads ?? fields.headCount,
            headSize: try headSize(fields, file: file),
            intermediateSize: fields.intermediateSize,
            vocabularySize: fields.vocabularySize,
            rmsNormEpsilon: fields.rmsNormEpsilon ?? defaults.rmsNormEpsilon,
            rope: try rotaryEmbedding(fields, defaults, file: file),
            tiedEmbeddings: fields.tiedEmbeddings ?? defaults.tiedEmbeddings)
        try model.validate(file: file) { $0.huggingFace }
        return model
    }

    private static func headSize(_ fields: HuggingFaceFields, file: String) throws(KerfError) -> Int {
        if let size = fields.headSize { return size }
        let (hiddenSize, headCount) = (fields.hiddenSize, fields.headCount)
        guard headCount > 0, hiddenSize % headCount == 0 else {
            throw KerfError(
                .impossibleShape, at: file,
                "hidden_size \(hiddenSize) is not a multiple of num_attention_heads \(headCount), and head_dim is missing"
            )
        }
        return hiddenSize / headCount
    }

    /// The family that a file names, by `model_type` or else by its class. All that it names must be of one family.
    private static func defaults(
        of family: HuggingFaceFields.Family, file: String
    ) throws(KerfError) -> HuggingFaceFamily {
        let classes = (family.architectures ?? []).map { name in
            (name: name, family: HuggingFaceFamily.all.first { $0.architecture == name })
        }
        if let type = family.type {
            let known = HuggingFaceFamily.all.first { $0.type == type }
            // Classes of a type that is not known are not known either.
            if let other = classes.first(where: { $0.family != known }) {
                throw contradiction(
                    "model_type is \(quoted(type)), but architectures holds \(quoted(other.name))",
                    isKnown: other.family != nil, file: file)
            }
            if let known { return known }
            throw KerfError(.unsupported, at: file, "model_type is \(quoted(type))", remedy: .text(supported))
        }
        guard let first = classes.first else {
            throw KerfError(
                .malformed, at: file, "has neither model_type nor architectures",
                remedy: "give the config.json of a Hugging Face model")
        }
        guard let known = first.family else {
            throw KerfError(
                .unsupported, at: file, "architectures holds \(quoted(first.name))", remedy: .text(supported))
        }
        if let other = classes.first(where: { $0.family != known }) {
            throw contradiction(
                "architectures holds \(quoted(first.name)) and \(quoted(other.name))", isKnown: other.family != nil,
                file: file)
        }
        return known
    }

    /// - Parameter isKnown: whether both families are read.
    private static func contradiction(_ message: String, isKnown: Bool, file: String) -> KerfError {
        isKnown
            ? KerfError(
                .malformed, at: file, message,
                remedy: "the two have different defaults; state the one that is meant")
            : KerfError(.unsupported, at: file, message, remedy: .text(supported))
    }

    /// Refuses fields that change the computation, unless they have the one value that is supported.
    private static func checkVariants(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, file: String
    ) throws(KerfError) {
        if let name = fields.switchesOn.first {
            throw KerfError(.unsupported, at: file, "\(name) is true", remedy: "Kerf supports false only")
        }
        let activation = fields.activation ?? defaults.activation
        if activation != "silu" {
            throw KerfError(
                .unsupported, at: file, "hidden_act is \(quoted(activation))", remedy: "Kerf supports silu only")
        }
        try checkAttention(fields, defaults, file: file)
        if let part = fields.partialRotaryFactor ?? fields.ropeParameters?.partialRotaryFactor, part != 1 {
            throw KerfError(
                .unsupported, at: file, "partial_rotary_factor is \(part)", remedy: "Kerf supports 1 only")
        }
    }

    /// Refuses attention to less than all tokens before.
    private static func checkAttention(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, file: String
    ) throws(KerfError) {
        if let window = fields.statesSlidingWindow ? fields.slidingWindow : defaults.slidingWindow {
            let origin = fields.statesSlidingWindow ? "" : ", the default of \(defaults.type), as the file states none"
            throw KerfError(
                .unsupported, at: file, "sliding_window is \(window)\(origin)",
                remedy: .text("\(supported); if the model attends to all tokens, state \"sliding_window\": null"))
        }
        if let share = fields.attentionDropout, share != 0 {
            throw KerfError(
                .unsupported, at: file, "attention_dropout is \(share)",
                remedy: "Kerf trains without dropout; state 0 if that is meant")
        }
        if let type = fields.layerTypes?.first(where: { $0 != "full_attention" }) {
            throw KerfError(
                .unsupported, at: file, "layer_types holds \(quoted(type))", remedy: "Kerf supports full_attention only"
            )
        }
    }

    /// The folder's name for `.../Llama-3.2-1B/config.json`; else the file's own name.
    private static func defaultName(_ path: FilePath) -> String {
        let stem = path.stem ?? "model"
        guard stem == "config" else { return stem }
        let folder = path.removingLastComponent().lastComponent
        return folder?.kind == .regular ? folder?.string ?? "model" : "model"
    }
}
