/// One of a decoder block's seven linear projections. Weights are `[output, input]`, row-major: y = x Wᵀ.
public enum Projection: String, Sendable, Hashable, CaseIterable, Codable {
    case q, k, v, o, gate, up, down
}

/// A tensor's role in the model, independent of its name in a file.
package enum TensorRole: Sendable, Hashable {
    /// `[vocabularySize, hiddenSize]`
    case embedding
    /// `[hiddenSize]`; `block` counts from 0.
    case attentionNorm(block: Int)
    case projection(Projection, block: Int)
    /// `[hiddenSize]`
    case mlpNorm(block: Int)
    /// `[hiddenSize]`
    case finalNorm
    /// `[vocabularySize, hiddenSize]`; not stored when the embedding is tied.
    case lmHead
}

extension ModelConfig {
    /// Rows and columns of a tensor; a vector has one row.
    package func shape(of role: TensorRole) -> (rows: Int, columns: Int) {
        switch role {
        case .embedding, .lmHead: (vocabularySize, hiddenSize)
        case .attentionNorm, .mlpNorm, .finalNorm: (1, hiddenSize)
        case .projection(let projection, _): shape(of: projection)
        }
    }

    /// Rows are the projection's output width, columns its input width.
    package func shape(of projection: Projection) -> (rows: Int, columns: Int) {
        switch projection {
        case .q: (querySize, hiddenSize)
        case .k, .v: (keyValueSize, hiddenSize)
        case .o: (hiddenSize, querySize)
        case .gate, .up: (intermediateSize, hiddenSize)
        case .down: (hiddenSize, intermediateSize)
        }
    }
}

extension TensorRole {
    /// Whether the tensor is multiplied by, or read row by row: everything but the norms' weights.
    package var isMatrix: Bool {
        switch self {
        case .embedding, .projection, .lmHead: true
        case .attentionNorm, .mlpNorm, .finalNorm: false
        }
    }

    /// The decoder block, from 0; `nil` for tensors outside the blocks.
    var block: Int? {
        switch self {
        case .attentionNorm(let block), .mlpNorm(let block), .projection(_, let block): block
        case .embedding, .finalNorm, .lmHead: nil
        }
    }

    /// Name in a Hugging Face checkpoint of the Llama family.
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

    /// Name in a GGUF file of the `llama` architecture. Source: ggml, docs/gguf.md, "Standardized tensor names".
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
    /// All tensors that a checkpoint of this model must have.
    package var roles: [TensorRole] {
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

    /// The first of the names, in their order, that belongs to a block that this model does not have; `nil` where none does.
    ///
    /// - Parameter prefix: what stands before the block's number.
    func tensorBeyondBlocks(in names: some Sequence<String>, after prefix: String) -> String? {
        names.sorted().first { name in
            guard name.hasPrefix(prefix) else { return false }
            let block = Int(name.dropFirst(prefix.count).prefix { $0 != "." })
            return block.map { $0 >= blockCount } ?? false
        }
    }

    /// The tensor that is stored for a role: with tied embeddings the LM head is the embedding.
    package func stored(_ role: TensorRole) -> TensorRole {
        role == .lmHead && tiedEmbeddings ? .embedding : role
    }
}
