/// One direction of one layer.
public struct LayerPass: Sendable, Hashable, CustomStringConvertible {
    /// 0 is the embedding, 1...L the blocks, L + 1 the head.
    public var layer: Int
    public var direction: Direction

    public init(layer: Int, direction: Direction) {
        self.layer = layer
        self.direction = direction
    }

    public var description: String { "layer \(layer) \(direction.rawValue)" }
}

/// Direction of a pass through a layer.
public enum Direction: String, Sendable, Codable, Hashable, CaseIterable {
    case forward, backward
}

/// A timed part of a layer.
package enum Kernel: String, Sendable, Codable, Hashable, CaseIterable {
    case embeddingLookup = "embedding_lookup"
    /// RMS norm before attention.
    case attentionNorm = "attention_norm"
    case qkvProjection = "qkv_proj"
    /// RMS norms of each head's queries and keys.
    case queryKeyNorm = "qk_norm"
    case rope
    /// Scores, causal softmax and the weighted sum of values.
    case attention
    case outputProjection = "o_proj"
    /// RMS norm of attention's output, and the addition to the residual stream.
    case postAttentionNorm = "post_attention_norm"
    /// RMS norm before the MLP.
    case mlpNorm = "mlp_norm"
    case gateUpProjection = "gate_up_proj"
    case swiglu
    case geglu
    case downProjection = "down_proj"
    /// RMS norm of the MLP's output, and the addition to the residual stream.
    case postMLPNorm = "post_mlp_norm"
    /// Conversion of the residual stream's gradient to the format of the products; backward only, and not in f32.
    case gradientConversion = "gradient_convert"
    /// The low-rank products of all LoRA targets of the layer.
    case lora
    case finalNorm = "final_norm"
    case lmHead = "lm_head"
    case crossEntropy = "cross_entropy"
    /// AdamW on the layer's adapters, at the end of its backward pass.
    case adamW = "adamw"
}
