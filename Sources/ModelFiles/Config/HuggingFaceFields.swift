/// The fields of a `config.json` that Kerf reads.
struct HuggingFaceFields: Decodable {
    /// The fields that name the model family. Decoded first, since the fields of another family may have other types.
    struct Family: Decodable {
        let type: String?
        let architectures: [String]?
        /// Name and content of the field that says how the weights are quantized.
        let quantization: (field: String, content: Quantization)?

        init(from decoder: any Decoder) throws {
            let fields = try JSONFields(decoder)
            type = try fields.optional("model_type")
            architectures = try fields.optional("architectures")
            var found: (field: String, content: Quantization)?
            for field in Quantization.fields where found == nil {
                if let stated: Quantization = try fields.optional(field) { found = (field: field, content: stated) }
            }
            quantization = found
        }
    }

    /// `rope_parameters` or `rope_scaling`.
    struct Rope: Decodable {
        let kind: String?
        let theta: Double?
        let factor: Double?
        let lowFrequencyFactor: Double?
        let highFrequencyFactor: Double?
        let originalContextLength: Int?
        let attentionFactor: Double?
        let shortFactors: [Double]?
        let longFactors: [Double]?
        let partialRotaryFactor: Double?
        /// The embeddings of each kind of attention, where it holds those, as some families have.
        let byAttention: [String: Rope]
        /// Whether it names kinds of attention, be it with `null`.
        let statesAttentions: Bool

        init(from decoder: any Decoder) throws {
            let fields = try JSONFields(decoder)
            kind = try fields.optional("rope_type") ?? fields.optional("type")
            theta = try fields.optional("rope_theta")
            factor = try fields.optional("factor")
            lowFrequencyFactor = try fields.optional("low_freq_factor")
            highFrequencyFactor = try fields.optional("high_freq_factor")
            originalContextLength = try fields.optional("original_max_position_embeddings")
            attentionFactor = try fields.optional("attention_factor")
            shortFactors = try fields.optional("short_factor")
            longFactors = try fields.optional("long_factor")
            partialRotaryFactor = try fields.optional("partial_rotary_factor")
            byAttention = try fields.names.filter { $0.hasSuffix("_attention") }
                .reduce(into: [:]) { byAttention, name in
                    let rope: Rope? = try fields.optional(name)
                    byAttention[name] = rope
                }
            statesAttentions = fields.names.contains { $0.hasSuffix("_attention") }
        }
    }

    let hiddenSize: Int
    let blockCount: Int
    let headCount: Int
    let keyValueHeadCount: Int?
    /// Whether the file has `num_key_value_heads`, be it `null`, which is not the family's default.
    let statesKeyValueHeadCount: Bool
    let headSize: Int?
    let intermediateSize: Int
    let vocabularySize: Int
    let rmsNormEpsilon: Double?
    let tiedEmbeddings: Bool?
    let ropeTheta: Double?
    let ropeParameters: Rope?
    let ropeScaling: Rope?
    let windowRopeTheta: Double?
    let contextLength: Int?
    let originalContextLength: Int?
    /// By the field's name, which is not the same in all families.
    let activations: [String: String]
    let slidingWindow: Int?
    /// Whether the file has `sliding_window`, be it `null`, which is not the family's default.
    let statesSlidingWindow: Bool
    let usesSlidingWindow: Bool?
    let firstWindowLayer: Int?
    /// n, where every n-th block has no window.
    let windowPeriod: Int?
    /// Kinds of attention by block.
    let layerTypes: [String]?
    let queryScalar: Double?
    let attentionSoftCap: Double?
    let logitSoftCap: Double?
    /// Whether the file has the soft caps, be they `null`, which is not the family's default.
    let statesAttentionSoftCap: Bool
    let statesLogitSoftCap: Bool
    let partialRotaryFactor: Double?
    /// Names and values of shares that training leaves out at random.
    let dropouts: [(name: String, share: Double)]
    /// Names of those switches that change the computation and are true.
    let switchesOn: [String]

    init(from decoder: any Decoder) throws {
        let fields = try JSONFields(decoder)
        hiddenSize = try fields.required("hidden_size")
        blockCount = try fields.required("num_hidden_layers")
        headCount = try fields.required("num_attention_heads")
        keyValueHeadCount = try fields.optional("num_key_value_heads")
        statesKeyValueHeadCount = fields.isStated("num_key_value_heads")
        headSize = try fields.optional("head_dim")
        intermediateSize = try fields.required("intermediate_size")
        vocabularySize = try fields.required("vocab_size")
        rmsNormEpsilon = try fields.optional("rms_norm_eps")
        tiedEmbeddings = try fields.optional("tie_word_embeddings")
        ropeTheta = try fields.optional("rope_theta")
        ropeParameters = try fields.optional("rope_parameters")
        ropeScaling = try fields.optional("rope_scaling")
        windowRopeTheta = try fields.optional("rope_local_base_freq")
        contextLength = try fields.optional("max_position_embeddings")
        originalContextLength = try fields.optional("original_max_position_embeddings")
        activations = try ["hidden_act", "hidden_activation"].reduce(into: [:]) { activations, name in
            let activation: String? = try fields.optional(name)
            activations[name] = activation
        }
        slidingWindow = try fields.optional("sliding_window")
        statesSlidingWindow = fields.isStated("sliding_window")
        usesSlidingWindow = try fields.optional("use_sliding_window")
        firstWindowLayer = try fields.optional("max_window_layers")
        windowPeriod = try fields.optional("sliding_window_pattern")
        layerTypes = try fields.optional("layer_types")
        queryScalar = try fields.optional("query_pre_attn_scalar")
        attentionSoftCap = try fields.optional("attn_logit_softcapping")
        logitSoftCap = try fields.optional("final_logit_softcapping")
        statesAttentionSoftCap = fields.isStated("attn_logit_softcapping")
        statesLogitSoftCap = fields.isStated("final_logit_softcapping")
        partialRotaryFactor = try fields.optional("partial_rotary_factor")
        dropouts = try ["attention_dropout", "resid_pdrop", "embd_pdrop"].compactMap { name in
            let share: Double? = try fields.optional(name)
            return share.map { (name, $0) }
        }
        switchesOn = try ["attention_bias", "mlp_bias", "rope_interleaved", "use_bidirectional_attention"]
            .filter { try fields.optional($0) == true }
    }
}
