extension HuggingFaceConfig {
    /// The rotary embedding, in either of the forms that transformers has written.
    ///
    /// Up to version 4 `rope_theta` and `rope_scaling` stand apart; from version 5 on `rope_parameters` holds both.
    /// The kind is `rope_type`, or `type` in files of before 2024. Source: transformers, `modeling_rope_utils.py`.
    static func rotaryEmbedding(_ fields: JSONFields) throws(ModelFileError) -> RotaryEmbedding {
        let parameters = try fields.object("rope_parameters")
        var theta = try parameters?.number("rope_theta")
        if theta == nil { theta = try fields.number("rope_theta") }
        var scaling = parameters
        if scaling == nil { scaling = try fields.object("rope_scaling") }
        return RotaryEmbedding(theta: theta ?? 10_000, scaling: try scaling.flatMap(self.scaling))
    }

    private static func scaling(_ fields: JSONFields) throws(ModelFileError) -> RotaryEmbedding.Scaling? {
        var stated = try fields.string("rope_type")
        if stated == nil { stated = try fields.string("type") }
        let kind = stated ?? "default"
        switch kind {
        case "default":
            return nil
        case "linear":
            return .linear(factor: try factor("factor"))
        case "llama3":
            guard let context = try fields.integer("original_max_position_embeddings") else {
                throw missing("original_max_position_embeddings")
            }
            return .llama3(
                factor: try factor("factor"), lowFrequencyFactor: try factor("low_freq_factor"),
                highFrequencyFactor: try factor("high_freq_factor"), originalContextLength: context)
        default:
            throw ModelFileError(
                .unsupported, file: fields.file, "the rotary embedding's rope_type is \(quoted(kind))",
                remedy: "Kerf handles default, linear and llama3")
        }

        func factor(_ name: String) throws(ModelFileError) -> Double {
            guard let value = try fields.number(name) else { throw missing(name) }
            return value
        }

        func missing(_ name: String) -> ModelFileError {
            ModelFileError(.malformed, file: fields.file, "rope_type is \(quoted(kind)), but \(name) is missing")
        }
    }
}
