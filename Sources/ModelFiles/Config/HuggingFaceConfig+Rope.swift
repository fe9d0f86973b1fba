import SystemIO

extension HuggingFaceConfig {
    /// The rotary embedding, in either of the forms that transformers has written.
    ///
    /// Up to version 4 `rope_theta` and `rope_scaling` stand apart; from version 5 on `rope_parameters` holds both.
    /// The kind is `rope_type`, or `type` in files of before 2024. Source: transformers, `modeling_rope_utils.py`.
    static func rotaryEmbedding(
        _ fields: HuggingFaceFields, file: String
    ) throws(KerfError) -> RotaryEmbedding {
        let theta = fields.ropeParameters?.theta ?? fields.ropeTheta ?? 10_000
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
                remedy: "Kerf handles default, linear and llama3")
        }

        func stated<Number>(_ value: Number?, _ name: String) throws(KerfError) -> Number {
            if let value { return value }
            throw KerfError(.malformed, at: file, "rope_type is \(quoted(kind)), but \(name) is missing")
        }
    }
}
