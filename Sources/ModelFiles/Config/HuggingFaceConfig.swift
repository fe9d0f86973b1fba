import SystemIO
import SystemPackage

/// Reads Hugging Face's `config.json` of the families in ``HuggingFaceFamily``.
///
/// Defaults are those of the file's own family. A field that would change the computation in a way that Kerf does not
/// support is refused, not ignored.
package enum HuggingFaceConfig {
    /// Real files have one to two kilobytes.
    static let sizeLimit = 1 << 20
    private static let supported =
        "Kerf reads model_type \(HuggingFaceFamily.all.map(\.type).joined(separator: ", "))"

    /// The model that a `config.json` describes.
    ///
    /// - Parameter name: the model's name; by default that of the file, or of its folder for `config.json`.
    /// - Throws: ``KerfError``: `unreadable`, `malformed`, `unsupported` for another architecture or a variant,
    ///   `impossibleShape` naming the field.
    package static func model(at path: FilePath, name: String? = nil) throws(KerfError) -> ModelConfig {
        try read(path, name: name).model
    }

    /// As ``model(at:name:)``, with the family, which names a checkpoint's tensors.
    static func read(
        _ path: FilePath, name: String? = nil
    ) throws(KerfError) -> (model: ModelConfig, family: HuggingFaceFamily) {
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
        return (try model(fields, defaults, name: name ?? defaultName(path), file: file), defaults)
    }

    private static func model(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, name: String, file: String
    ) throws(KerfError) -> ModelConfig {
        let keyValueHeads = fields.statesKeyValueHeadCount ? fields.keyValueHeadCount : defaults.keyValueHeadCount
        let ropes = try rotaryEmbeddings(fields, defaults, file: file)
        let model = ModelConfig(
            name: name,
            hiddenSize: fields.hiddenSize,
            blockCount: fields.blockCount,
            headCount: fields.headCount,
            keyValueHeadCount: keyValueHeads ?? fields.headCount,
            headSize: try headSize(fields, defaults, file: file),
            intermediateSize: fields.intermediateSize,
            vocabularySize: fields.vocabularySize,
            rmsNormEpsilon: fields.rmsNormEpsilon ?? defaults.rmsNormEpsilon,
            rope: ropes.all,
            tiedEmbeddings: fields.tiedEmbeddings ?? defaults.tiedEmbeddings,
            variant: try variant(fields, defaults, windowRopeTheta: ropes.windowTheta, file: file))
        try model.validate(file: file) { $0.huggingFace }
        return model
    }

    static func headSize(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, file: String
    ) throws(KerfError) -> Int {
        if let size = fields.headSize ?? defaults.headSize { return size }
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

    /// Refuses fields that change the computation, unless they have a value that is supported.
    private static func checkVariants(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, file: String
    ) throws(KerfError) {
        // Qwen2 has its biases whatever the file says.
        if let name = fields.switchesOn.first(where: { !($0 == "attention_bias" && defaults.attentionBiases) }) {
            throw KerfError(.unsupported, at: file, "\(name) is true", remedy: "Kerf supports false only")
        }
        let activation = fields.activations[defaults.activationField] ?? defaults.activation
        if Self.activations[activation] == nil {
            throw KerfError(
                .unsupported, at: file, "\(defaults.activationField) is \(quoted(activation))",
                remedy: .text("Kerf supports \(Self.activations.keys.sorted().joined(separator: " and "))"))
        }
        if let (name, share) = fields.dropouts.first(where: { $0.share != 0 }) {
            throw KerfError(
                .unsupported, at: file, "\(name) is \(share)",
                remedy: "Kerf trains without dropout; state 0 if that is meant")
        }
        if let part = partialRotaryFactor(fields), part != 1, !(defaults.rotatesPart && part > 0 && part < 1) {
            throw KerfError(
                .unsupported, at: file, "partial_rotary_factor is \(part)",
                remedy: .text("Kerf supports \(defaults.rotatesPart ? "0 to 1" : "1 only") in \(defaults.type)"))
        }
        for (name, cap, isRead) in [
            ("attn_logit_softcapping", fields.attentionSoftCap, defaults.capsAttention),
            ("final_logit_softcapping", fields.logitSoftCap, defaults.capsLogits),
        ] {
            guard let cap, !isRead else { continue }
            throw KerfError(
                .unsupported, at: file, "\(name) is \(cap)", remedy: .text("Kerf supports none in \(defaults.type)"))
        }
    }

    private static let activations: [String: ModelVariant.Activation] = ["silu": .silu, "gelu_pytorch_tanh": .geluTanh]

    static func partialRotaryFactor(_ fields: HuggingFaceFields) -> Double? {
        fields.ropeParameters?.partialRotaryFactor ?? fields.partialRotaryFactor
    }

    private static func variant(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, windowRopeTheta: Double?, file: String
    ) throws(KerfError) -> ModelVariant {
        let headSize = try headSize(fields, defaults, file: file)
        let scalar = defaults.queryScalar.map { fields.queryScalar ?? $0 }
        // Less than a whole head, so that the product is an integer of 64 bits.
        let part = partialRotaryFactor(fields) ?? 1
        let rotarySize = part < 1 ? Int(part * Double(headSize)) : nil
        return ModelVariant(
            attentionBiases: defaults.attentionBiases, queryKeyNorms: defaults.queryKeyNorms,
            postNorms: defaults.postNorms,
            activation: Self.activations[fields.activations[defaults.activationField] ?? defaults.activation] ?? .silu,
            embeddingScale: defaults.scalesEmbedding ? Double(max(0, fields.hiddenSize)).squareRoot() : nil,
            attentionScale: scalar == Double(headSize) ? nil : scalar.map { 1 / $0.squareRoot() },
            attentionSoftCap: fields.statesAttentionSoftCap ? fields.attentionSoftCap : defaults.attentionSoftCap,
            logitSoftCap: fields.statesLogitSoftCap ? fields.logitSoftCap : defaults.logitSoftCap,
            rotarySize: rotarySize, window: try window(fields, defaults, file: file),
            windowRopeTheta: windowRopeTheta, fusedProjections: defaults.fusesProjections)
    }

    /// The folder's name for `.../Llama-3.2-1B/config.json`; else the file's own name.
    private static func defaultName(_ path: FilePath) -> String {
        let stem = path.stem ?? "model"
        guard stem == "config" else { return stem }
        let folder = path.removingLastComponent().lastComponent
        return folder?.kind == .regular ? folder?.string ?? "model" : "model"
    }
}
