/// A timed part of a layer.
package enum Kernel: String, Sendable, Codable, Hashable, CaseIterable {
    case embeddingLookup = "embedding_lookup"
    /// Before the attention.
    case attentionNorm = "attention_norm"
    case qkvProjection = "qkv_proj"
    case rope
    /// Scores, causal softmax and the sum over values.
    case attention
    case outputProjection = "o_proj"
    /// Before the MLP.
    case mlpNorm = "mlp_norm"
    case gateUpProjection = "gate_up_proj"
    case swiglu
    case downProjection = "down_proj"
    /// Going back, of the residual stream's gradient into the format of the products, where that is not f32.
    case gradientConversion = "gradient_convert"
    /// The low-rank products of all LoRA targets of the layer.
    case lora
    case finalNorm = "final_norm"
    case lmHead = "lm_head"
    case crossEntropy = "cross_entropy"
    /// AdamW on the layer's adapters, at the end of its backward pass.
    case adamW = "adamw"
}
