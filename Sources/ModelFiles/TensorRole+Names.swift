extension TensorRole {
    /// The decoder block, from 0; `nil` for what stands outside the blocks.
    var block: Int? {
        switch self {
        case .attentionNorm(let block), .mlpNorm(let block), .projection(_, let block): block
        case .embedding, .finalNorm, .lmHead: nil
        }
    }

    /// As in a Hugging Face checkpoint of the Llama family.
    var huggingFaceName: String {
        switch self {
        case .embedding: "model.embed_tokens.weight"
        case .attentionNorm(let block): "model.layers.\(block).input_layernorm.weight"
        case .mlpNorm(let block): "model.layers.\(block).post_attention_layernorm.weight"
        case .finalNorm: "model.norm.weight"
        case .lmHead: "lm_head.weight"
        case .projection(let projection, let block):
            "model.layers.\(block).\(projection.isAttention ? "self_attn" : "mlp").\(projection.rawValue)_proj.weight"
        }
    }

    /// As in a GGUF file of the `llama` architecture. Source: ggml, docs/gguf.md, "Standardized tensor names".
    var ggufName: String {
        switch self {
        case .embedding: "token_embd.weight"
        case .attentionNorm(let block): "blk.\(block).attn_norm.weight"
        case .mlpNorm(let block): "blk.\(block).ffn_norm.weight"
        case .finalNorm: "output_norm.weight"
        case .lmHead: "output.weight"
        case .projection(let projection, let block): "blk.\(block).\(projection.ggufName).weight"
        }
    }
}

extension Projection {
    fileprivate var isAttention: Bool {
        switch self {
        case .q, .k, .v, .o: true
        case .gate, .up, .down: false
        }
    }

    fileprivate var ggufName: String {
        switch self {
        case .o: "attn_output"
        case .q, .k, .v: "attn_" + rawValue
        case .gate, .up, .down: "ffn_" + rawValue
        }
    }
}

extension ModelConfig {
    /// Every tensor that a checkpoint of this model must hold.
    var roles: [TensorRole] {
        var roles: [TensorRole] = [.embedding]
        for block in 0..<blockCount {
            roles.append(.attentionNorm(block: block))
            roles += Projection.allCases.map { .projection($0, block: block) }
            roles.append(.mlpNorm(block: block))
        }
        roles.append(.finalNorm)
        if !tiedEmbeddings { roles.append(.lmHead) }
        return roles
    }

    /// The tensor whose numbers a role has: with tied embeddings the LM head is the embedding.
    func stored(_ role: TensorRole) -> TensorRole {
        role == .lmHead && tiedEmbeddings ? .embedding : role
    }
}
