/// A model family of Hugging Face's transformers that Kerf reads: the defaults of its own configuration class, and what its
/// modules compute that no field states.
///
/// A `config.json` may leave out what equals a default, and defaults differ between families: without
/// `num_key_value_heads` Llama has as many as query heads, Mistral has 8. A family that is not listed is refused, so that
/// no other family's defaults ever stand in for its own.
///
/// Source: transformers 5.24, `configuration_*.py` and `modeling_*.py` in `models/llama`, `mistral`, `qwen2`, `qwen3`,
/// `phi3`, `gemma2` and `gemma3`; for Llama and Mistral also 4.57. Sizes that every file states (`hidden_size`,
/// `num_hidden_layers`, `num_attention_heads`, `intermediate_size`, `vocab_size`) are required and have no default here.
struct HuggingFaceFamily: Sendable, Hashable {
    /// Which blocks have the window of `sliding_window`.
    enum WindowRule: Sendable, Hashable {
        /// The family has no window: a stated one is refused.
        case never
        /// All of them; `layer_types` is not read.
        case allBlocks
        /// With `use_sliding_window`, those of `layer_types`; by default those from `max_window_layers` on.
        case whereUsed(firstLayer: Int)
        /// Those of `layer_types`; by default all but each `period`-th.
        case periodic(period: Int)
    }

    /// Value of `model_type`.
    let type: String
    /// The class in `architectures`.
    let architecture: String
    /// `num_key_value_heads` where a file does not state it; `nil` for `num_attention_heads`. A stated `null` is
    /// `num_attention_heads` in every family.
    var keyValueHeadCount: Int?
    /// `head_dim` where a file does not state it; `nil` for `hidden_size` / `num_attention_heads`.
    var headSize: Int?
    /// `rms_norm_eps`
    var rmsNormEpsilon = 1e-6
    /// `rope_theta`
    var ropeTheta = 10_000.0
    /// `rope_local_base_freq`, of blocks with a window; `nil` where they have the base of all.
    var windowRopeTheta: Double?
    /// `tie_word_embeddings`
    var tiedEmbeddings = false
    /// `hidden_act`, or `hidden_activation` where the family calls it so.
    var activation = "silu"
    var activationField = "hidden_act"
    /// `sliding_window` where a file does not state it, in tokens; `nil` for full attention, as is a stated `null`.
    var slidingWindow: Int?
    var windowRule = WindowRule.never
    /// `original_max_position_embeddings` and `max_position_embeddings` in a family that reads the rope_type longrope.
    var originalContextLength: Int?
    var contextLength: Int?
    /// Whether `partial_rotary_factor` is read.
    var rotatesPart = false
    /// `query_pre_attn_scalar`; `nil` where the family scales by the head size.
    var queryScalar: Double?
    /// `attn_logit_softcapping`
    var attentionSoftCap: Double?
    /// Whether attention reads `attn_logit_softcapping`, and the head `final_logit_softcapping`.
    var capsAttention = false
    var capsLogits = false
    /// `final_logit_softcapping`
    var logitSoftCap: Double?

    // What no field states.
    var attentionBiases = false
    var queryKeyNorms = false
    var postNorms = false
    /// Whether the embedding's rows are multiplied by sqrt(hidden_size).
    var scalesEmbedding = false
    /// What norms add to their stored weight.
    var normOffset: Float = 0
    /// Whether q, k and v are one tensor, and gate and up another.
    var fusesProjections = false

    static let all = [
        HuggingFaceFamily(type: "llama", architecture: "LlamaForCausalLM"),
        HuggingFaceFamily(
            type: "mistral", architecture: "MistralForCausalLM", keyValueHeadCount: 8, slidingWindow: 4096,
            windowRule: .allBlocks),
        HuggingFaceFamily(
            type: "qwen2", architecture: "Qwen2ForCausalLM", keyValueHeadCount: 32, slidingWindow: 4096,
            windowRule: .whereUsed(firstLayer: 28), attentionBiases: true),
        HuggingFaceFamily(
            type: "qwen3", architecture: "Qwen3ForCausalLM", keyValueHeadCount: 32, headSize: 128,
            slidingWindow: 4096, windowRule: .whereUsed(firstLayer: 28), queryKeyNorms: true),
        HuggingFaceFamily(
            type: "phi3", architecture: "Phi3ForCausalLM", rmsNormEpsilon: 1e-5, windowRule: .allBlocks,
            originalContextLength: 4096, contextLength: 4096, rotatesPart: true, fusesProjections: true),
        HuggingFaceFamily(
            type: "gemma2", architecture: "Gemma2ForCausalLM", keyValueHeadCount: 4, headSize: 256,
            tiedEmbeddings: true, activation: "gelu_pytorch_tanh", activationField: "hidden_activation",
            slidingWindow: 4096, windowRule: .periodic(period: 2), queryScalar: 256, attentionSoftCap: 50,
            capsAttention: true, capsLogits: true, logitSoftCap: 30, postNorms: true, scalesEmbedding: true,
            normOffset: 1),
        HuggingFaceFamily(
            type: "gemma3_text", architecture: "Gemma3ForCausalLM", keyValueHeadCount: 4, headSize: 256,
            ropeTheta: 1_000_000, windowRopeTheta: 10_000, tiedEmbeddings: true, activation: "gelu_pytorch_tanh",
            activationField: "hidden_activation", slidingWindow: 4096, windowRule: .periodic(period: 6),
            queryScalar: 256, capsLogits: true, queryKeyNorms: true, postNorms: true, scalesEmbedding: true,
            normOffset: 1),
    ]
}
