public import SystemPackage

/// Reads Hugging Face's `config.json` of the Llama family.
///
/// Fields and their defaults: transformers, `LlamaConfig` and `MistralConfig`. Mistral is the same computation as
/// Llama as long as it has no sliding window. Whatever would change the computation is refused, not ignored.
public enum HuggingFaceConfig {
    /// Real ones have one to two kilobytes.
    static let sizeLimit = 1 << 20
    /// Values of `model_type`, and the class that `architectures` names for each.
    private static let families = ["llama": "LlamaForCausalLM", "mistral": "MistralForCausalLM"]
    private static let handled = "Kerf reads model_type llama, and mistral without a sliding window"

    /// The model that a `config.json` describes.
    ///
    /// - Parameter name: what to call the model; by default the file's name, or its folder's for `config.json`.
    /// - Throws: ``ModelFileError``: `unreadable`, `malformed`, `unsupported` for another architecture or a variant,
    ///   `impossibleShape` naming the field.
    public static func model(at path: FilePath, name: String? = nil) throws(ModelFileError) -> ModelConfig {
        let bytes = try RegularFile.contents(of: path, limit: sizeLimit)
        if bytes.starts(with: GGUFHeader.magic) {
            throw ModelFileError(
                .malformed, file: path.string, "is a GGUF file, not a config.json", remedy: "give it as the weights")
        }
        let value = try JSONParser.parse(contentsOf: bytes, file: path.string)
        let fields = try JSONFields(value, file: path.string, what: "config.json")
        return try model(fields, name: name ?? defaultName(path))
    }

    private static func model(_ fields: JSONFields, name: String) throws(ModelFileError) -> ModelConfig {
        try checkFamily(fields)
        try checkVariants(fields)
        let hiddenSize = try fields.required("hidden_size")
        let headCount = try fields.required("num_attention_heads")
        let model = ModelConfig(
            name: name,
            hiddenSize: hiddenSize,
            blockCount: try fields.required("num_hidden_layers"),
            headCount: headCount,
            keyValueHeadCount: try fields.integer("num_key_value_heads") ?? headCount,
            headSize: try headSize(fields, hiddenSize: hiddenSize, headCount: headCount),
            intermediateSize: try fields.required("intermediate_size"),
            vocabularySize: try fields.required("vocab_size"),
            rmsNormEpsilon: try fields.number("rms_norm_eps") ?? 1e-6,
            rope: try rotaryEmbedding(fields),
            tiedEmbeddings: try fields.boolean("tie_word_embeddings") ?? false)
        try model.validate(file: fields.file) { $0.huggingFace }
        return model
    }

    private static func headSize(
        _ fields: JSONFields, hiddenSize: Int, headCount: Int
    ) throws(ModelFileError) -> Int {
        if let size = try fields.integer("head_dim") { return size }
        guard headCount > 0, hiddenSize % headCount == 0 else {
            throw ModelFileError(
                .impossibleShape, file: fields.file,
                "hidden_size \(hiddenSize) is not a multiple of num_attention_heads \(headCount), and there is no head_dim"
            )
        }
        return hiddenSize / headCount
    }

    private static func checkFamily(_ fields: JSONFields) throws(ModelFileError) {
        let type = try fields.string("model_type")
        let architecture = try fields.array("architectures")?.first
        if let type, families[type] == nil {
            throw ModelFileError(.unsupported, file: fields.file, "model_type is \(quoted(type))", remedy: handled)
        }
        if let architecture {
            guard case .string(let name) = architecture, families.values.contains(name) else {
                let shown = if case .string(let name) = architecture { quoted(name) } else { architecture.kind }
                throw ModelFileError(.unsupported, file: fields.file, "the architecture is \(shown)", remedy: handled)
            }
        }
        if type == nil && architecture == nil {
            throw ModelFileError(
                .malformed, file: fields.file, "neither model_type nor architectures is there",
                remedy: "give the config.json of a Hugging Face model")
        }
    }

    /// Fields that change the computation, and their only handled values.
    private static func checkVariants(_ fields: JSONFields) throws(ModelFileError) {
        for name in ["attention_bias", "mlp_bias", "rope_interleaved"] where try fields.boolean(name) == true {
            throw ModelFileError(.unsupported, file: fields.file, "\(name) is true", remedy: "Kerf handles false only")
        }
        let activation = try fields.string("hidden_act") ?? "silu"
        guard activation == "silu" else {
            throw ModelFileError(
                .unsupported, file: fields.file, "hidden_act is \(quoted(activation))", remedy: "Kerf handles silu only"
            )
        }
        if try fields.string("model_type") == "mistral", let window = try fields.integer("sliding_window") {
            throw ModelFileError(.unsupported, file: fields.file, "sliding_window is \(window)", remedy: handled)
        }
        if let part = try fields.number("partial_rotary_factor"), part != 1 {
            throw ModelFileError(
                .unsupported, file: fields.file, "partial_rotary_factor is \(part)", remedy: "Kerf handles 1 only")
        }
    }

    /// `.../Llama-3.2-1B/config.json` is called after its folder, another file after itself.
    private static func defaultName(_ path: FilePath) -> String {
        let stem = path.stem ?? "model"
        guard stem == "config" else { return stem }
        let folder = path.removingLastComponent().lastComponent
        return folder?.kind == .regular ? folder?.string ?? "model" : "model"
    }
}
