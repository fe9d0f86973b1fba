import SystemIO
import SystemPackage

/// Reads Hugging Face's `config.json` of the Llama family.
///
/// Fields and their defaults: transformers, `LlamaConfig` and `MistralConfig`. Mistral is the same computation as
/// Llama as long as it has no sliding window. Whatever would change the computation is refused, not ignored.
package enum HuggingFaceConfig {
    /// Real ones have one to two kilobytes.
    static let sizeLimit = 1 << 20
    /// Values of `model_type`, and the class that `architectures` names for each.
    private static let families = ["llama": "LlamaForCausalLM", "mistral": "MistralForCausalLM"]
    private static let handled = "Kerf reads model_type llama, and mistral without a sliding window"

    /// The model that a `config.json` describes.
    ///
    /// - Parameter name: what to call the model; by default the file's name, or its folder's for `config.json`.
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
        try check(family, file: file)
        let fields = try JSONFile.decode(HuggingFaceFields.self, from: bytes, file: file)
        try checkVariants(fields, of: family, file: file)
        return try model(fields, name: name ?? defaultName(path), file: file)
    }

    private static func model(
        _ fields: HuggingFaceFields, name: String, file: String
    ) throws(KerfError) -> ModelConfig {
        let model = ModelConfig(
            name: name,
            hiddenSize: fields.hiddenSize,
            blockCount: fields.blockCount,
            headCount: fields.headCount,
            keyValueHeadCount: fields.keyValueHeadCount ?? fields.headCount,
            headSize: try headSize(fields, file: file),
            intermediateSize: fields.intermediateSize,
            vocabularySize: fields.vocabularySize,
            rmsNormEpsilon: fields.rmsNormEpsilon ?? 1e-6,
            rope: try rotaryEmbedding(fields, file: file),
            tiedEmbeddings: fields.tiedEmbeddings ?? false)
        try model.validate(file: file) { $0.huggingFace }
        return model
    }

    private static func headSize(_ fields: HuggingFaceFields, file: String) throws(KerfError) -> Int {
        if let size = fields.headSize { return size }
        let (hiddenSize, headCount) = (fields.hiddenSize, fields.headCount)
        guard headCount > 0, hiddenSize % headCount == 0 else {
            throw KerfError(
                .impossibleShape, at: file,
                "hidden_size \(hiddenSize) is not a multiple of num_attention_heads \(headCount), and there is no head_dim"
            )
        }
        return hiddenSize / headCount
    }

    private static func check(_ family: HuggingFaceFields.Family, file: String) throws(KerfError) {
        if let type = family.type, families[type] == nil {
            throw KerfError(.unsupported, at: file, "model_type is \(quoted(type))", remedy: .text(handled))
        }
        if let architecture = family.architectures?.first, !families.values.contains(architecture) {
            throw KerfError(
                .unsupported, at: file, "the architecture is \(quoted(architecture))", remedy: .text(handled))
        }
        if family.type == nil && family.architectures?.first == nil {
            throw KerfError(
                .malformed, at: file, "neither model_type nor architectures is there",
                remedy: "give the config.json of a Hugging Face model")
        }
    }

    /// Fields that change the computation, and their only handled values.
    private static func checkVariants(
        _ fields: HuggingFaceFields, of family: HuggingFaceFields.Family, file: String
    ) throws(KerfError) {
        if let name = fields.switchesOn.first {
            throw KerfError(.unsupported, at: file, "\(name) is true", remedy: "Kerf handles false only")
        }
        if let activation = fields.activation, activation != "silu" {
            throw KerfError(
                .unsupported, at: file, "hidden_act is \(quoted(activation))", remedy: "Kerf handles silu only")
        }
        if family.type == "mistral", let window = fields.slidingWindow {
            throw KerfError(.unsupported, at: file, "sliding_window is \(window)", remedy: .text(handled))
        }
        if let part = fields.partialRotaryFactor, part != 1 {
            throw KerfError(
                .unsupported, at: file, "partial_rotary_factor is \(part)", remedy: "Kerf handles 1 only")
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
