/// A model family of Hugging Face's transformers that Kerf reads, with the defaults of its own configuration class.
///
/// A `config.json` may leave out what equals a default, and defaults differ between families: without
/// `num_key_value_heads` Llama has as many as query heads, Mistral has 8. A family that is not listed is refused, so that
/// no other family's defaults ever stand in for its own.
///
/// Source: transformers 4.57 and 5.0, `LlamaConfig` in `models/llama/configuration_llama.py` and `MistralConfig` in
/// `models/mistral/configuration_mistral.py`. Sizes that every file states (`hidden_size`, `num_hidden_layers`,
/// `num_attention_heads`, `intermediate_size`, `vocab_size`) are required and have no default here.
struct HuggingFaceFamily: Sendable, Hashable {
    /// Value of `model_type`.
    let type: String
    /// The class in `architectures`.
    let architecture: String
    /// `num_key_value_heads` where a file does not state it; `nil` for `num_attention_heads`. A stated `null` is
    /// `num_attention_heads` in every family.
    let keyValueHeadCount: Int?
    /// `rms_norm_eps`
    let rmsNormEpsilon: Double
    /// `rope_theta`
    let ropeTheta: Double
    /// `tie_word_embeddings`
    let tiedEmbeddings: Bool
    /// `hidden_act`
    let activation: String
    /// `sliding_window` where a file does not state it, in tokens; `nil` for full attention, as is a stated `null`.
    let slidingWindow: Int?

    static let all = [
        HuggingFaceFamily(
            type: "llama", architecture: "LlamaForCausalLM", keyValueHeadCount: nil, rmsNormEpsilon: 1e-6,
            ropeTheta: 10_000, tiedEmbeddings: false, activation: "silu", slidingWindow: nil),
        HuggingFaceFamily(
            type: "mistral", architecture: "MistralForCausalLM", keyValueHeadCount: 8, rmsNormEpsilon: 1e-6,
            ropeTheta: 10_000, tiedEmbeddings: false, activation: "silu", slidingWindow: 4096),
    ]
}
