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
        if let joined = fields.ropeParameters?.theta, let own = fields.ropeTheta, joined != own {
            throw contradiction("rope_theta", file)
        }
        let theta = fields.ropeParameters?.theta ?? fields.ropeTheta ?? defaults.ropeTheta
        var scalings: [RotaryEmbedding.Scaling?] = []
        for rope in [fields.ropeParameters, fields.ropeScaling].compactMap({ $0 }) {
            scalings.append(try scaling(rope, file: file))
        }
        guard Set(scalings).count < 2 else { throw contradiction("the scaling", file) }
        return RotaryEmbedding(theta: theta, scaling: scalings.isEmpty ? nil : scalings[0])
    }

    private static func contradiction(_ what: String, _ file: String) -> KerfError {
        KerfError(
            .malformed, at: file, "rope_parameters and the older fields beside it state \(what) differently",
            remedy: "keep the one that is meant")
    }

    private static func scaling(
        _ fields: HuggingFaceFields.Rope, file: String
    ) throws(KerfError) -> RotaryEmbedding.Scaling? {
        if fields.kind == nil, fields.factor ?? 1 != 1 {
            throw KerfError(
                .malformed, at: file, "the rotary embedding has a factor, but no rope_type",
                remedy: "state the rope_type that is meant; Kerf supports default, linear and llama3")
        }
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
