import Glibc
import SystemIO

extension HuggingFaceConfig {
    /// The rotary embedding, and the base of that of blocks with a window where it is another one, in either of the two forms
    /// that transformers has written.
    ///
    /// Up to version 4 `rope_theta` and `rope_scaling` are separate; from version 5 on `rope_parameters` holds both, in
    /// families with two embeddings one set for each kind of attention. The kind is `rope_type`, or `type` in files from
    /// before 2024. Source: transformers, `modeling_rope_utils.py` and, for two embeddings, `configuration_gemma3.py`.
    static func rotaryEmbeddings(
        _ fields: HuggingFaceFields, _ defaults: HuggingFaceFamily, file: String
    ) throws(KerfError) -> (all: RotaryEmbedding, windowTheta: Double?) {
        let isByAttention = fields.ropeParameters?.statesAttentions == true
        guard let windowTheta = defaults.windowRopeTheta else {
            if isByAttention {
                throw KerfError(
                    .unsupported, at: file, "rope_parameters differ by the kind of attention",
                    remedy: .text("Kerf supports one rotary embedding for all blocks of \(defaults.type)"))
            }
            return (try rotaryEmbedding(fields, fields.ropeParameters, defaults, file: file), nil)
        }
        let byAttention = isByAttention ? fields.ropeParameters?.byAttention : [:]
        if fields.ropeParameters != nil, !isByAttention {
            throw KerfError(
                .unsupported, at: file, "rope_parameters are not by the kind of attention",
                remedy: "state full_attention and sliding_attention in them, or rope_theta and rope_local_base_freq")
        }
        let windowed = byAttention?["sliding_attention"]
        if let windowed, try scaling(windowed, fields, defaults, file: file) != nil {
            throw KerfError(
                .unsupported, at: file, "the rotary embedding of sliding_attention is scaled",
                remedy: "Kerf supports the default in blocks with a window")
        }
        if let joined = windowed?.theta, let own = fields.windowRopeTheta, joined != own {
            throw contradiction("rope_local_base_freq", file)
        }
        return (
            try rotaryEmbedding(fields, byAttention?["full_attention"], defaults, file: file),
            windowed?.theta ?? fields.windowRopeTheta ?? windowTheta
        )
    }

    /// - Parameter joined: the set of version 5 that belongs to this embedding.
    private static func rotaryEmbedding(
        _ fields: HuggingFaceFields, _ joined: HuggingFaceFields.Rope?, _ defaults: HuggingFaceFamily, file: String
    ) throws(KerfError) -> RotaryEmbedding {
        if let theta = joined?.theta, let own = fields.ropeTheta, theta != own {
            throw contradiction("rope_theta", file)
        }
        let theta = joined?.theta ?? fields.ropeTheta ?? defaults.ropeTheta
        var scalings: [RotaryEmbedding.Scaling?] = []
        for rope in [joined, fields.ropeScaling].compactMap({ $0 }) {
            scalings.append(try scaling(rope, fields, defaults, file: file))
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
        _ fields: HuggingFaceFields.Rope, _ model: HuggingFaceFields, _ defaults: HuggingFaceFamily, file: String
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
        // Phi-3 called it su at first.
        case "longrope" where defaults.originalContextLength != nil, "su" where defaults.originalContextLength != nil:
            let original = model.originalContextLength ?? defaults.originalContextLength ?? 1
            let context = model.contextLength ?? defaults.contextLength ?? 1
            let factor = fields.factor ?? Double(context) / Double(max(1, original))
            let recommended = factor <= 1 ? 1 : (1 + log(factor) / log(Double(max(2, original)))).squareRoot()
            return .longRope(
                RotaryEmbedding.LongRope(
                    short: try stated(fields.shortFactors, "short_factor").map { Float($0) },
                    long: try stated(fields.longFactors, "long_factor").map { Float($0) },
                    originalContextLength: original, attentionFactor: fields.attentionFactor ?? recommended))
        default:
            throw KerfError(
                .unsupported, at: file, "the rotary embedding's rope_type is \(quoted(kind))",
                remedy: .text(
                    "Kerf supports default, linear\(defaults.originalContextLength == nil ? "" : ", longrope") and llama3"
                ))
        }

        func stated<Number>(_ value: Number?, _ name: String) throws(KerfError) -> Number {
            if let value { return value }
            throw KerfError(.malformed, at: file, "rope_type is \(quoted(kind)), but \(name) is missing")
        }
    }
}
