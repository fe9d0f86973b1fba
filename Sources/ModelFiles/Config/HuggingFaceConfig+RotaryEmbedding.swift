import SystemIO

extension HuggingFaceConfig {
    /// The rotary embedding, in either of the two forms that transformers has written.
    ///
    /// Up to version 4 `rope_theta` and `rope_scaling` are separate; from version 5 on `rope_parameters` holds both.
    /// The kind is `rope_type`, or `type` in files from before 2024. Source: transformers, `modeling_rope_utils.py`.
    static func rotaryEmbedding(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, file: String
    ) throws(KerfError) -> RotaryEmbedding {
        if fields.ropeParameters?.isByAttention == true {
            throw KerfError(
                .unsupported, at: file, "rope_parameters differ by the kind of attention",
                remedy: "Kerf supports one rotary embedding for all blocks")
        }
        let theta = fields.ropeParameters?.theta ?? fields.ropeTheta ?? defaults.ropeTheta
        guard let stated = fields.ropeParameters ?? fields.ropeScaling else { return RotaryEmbedding(theta: theta) }
        return RotaryEmbedding(theta: theta, scaling: try scaling(stated, file: file))
    }

    private static func scaling(
        _ fields: HuggingFaceFields.Rope, file: String
    ) throws(KerfError) -> RotaryEmbedding.Scaling? {
        let kind = fields.kind ?? "default"
        switch kind {
        case "default":
            return nil
        case "linear":
            return .linear(factor: try stated(fields.factor, "factor"))
        case "llama3":
            return .llama3(
                factor: try stated(fields.factor, "factor"),
                lowFrequencyFactor: try stated(fields.lowFrequencyFactor, "low_freq_factor"),
                highFrequencyFactor: try stated(fields.highFrequencyFactor, "high_freq_factor"),
                originalContextLength: try stated(
                    fields.originalContextLength, "original_max_position_embeddings"))
        default:
            throw KerfError(
                .unsupported, at: file, "the rotary embedding's rope_type is \(quoted(kind))",
                remedy: "Kerf supports default, linear and llama3")
        }

        func stated<Number>(_ value: Number?, _ name: String) throws(KerfError) -> Number {
            if let value { return value }
            throw KerfError(.malformed, at: file, "rope_type is \(quoted(kind)), but \(name) is missing")
        }
    }
}
