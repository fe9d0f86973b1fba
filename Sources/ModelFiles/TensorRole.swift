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
    /// `[output]`, of q, k and v.
    case bias(Projection, block: Int)
    /// `[headSize]`, of each head's queries and keys.
    case queryNorm(block: Int)
    case keyNorm(block: Int)
    /// `[hiddenSize]`, of attention's output.
    case postAttentionNorm(block: Int)
    /// `[hiddenSize]`
    case mlpNorm(block: Int)
    /// `[hiddenSize]`, of the MLP's output.
    case postMLPNorm(block: Int)
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
        case .attentionNorm, .postAttentionNorm, .mlpNorm, .postMLPNorm, .finalNorm: (1, hiddenSize)
        case .queryNorm, .keyNorm: (1, headSize)
        case .projection(let projection, _): shape(of: projection)
        case .bias(let projection, _): (1, shape(of: projection).rows)
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

extension ModelConfig {
    /// Where a projection's rows are in a projection that has those of q, k and v, or of gate and up, one after the other.
    package func fusedRows(of projection: Projection) -> (first: Int, all: Int) {
        let (query, keyValue) = (querySize, keyValueSize)
        switch projection {
        case .q: return (0, query + 2 * keyValue)
        case .k: return (query, query + 2 * keyValue)
        case .v: return (query + keyValue, query + 2 * keyValue)
        case .gate: return (0, 2 * intermediateSize)
        case .up: return (intermediateSize, 2 * intermediateSize)
        case .o, .down: return (0, shape(of: projection).rows)
        }
    }
}

extension TensorRole {
    /// Whether the tensor is multiplied by, or read row by row: everything but norms' weights and biases.
    package var isMatrix: Bool {
        switch self {
        case .embedding, .projection, .lmHead: true
        case .attentionNorm, .queryNorm, .keyNorm, .postAttentionNorm, .mlpNorm, .postMLPNorm, .finalNorm, .bias: false
        }
    }

    /// The decoder block, from 0; `nil` for tensors outside the blocks.
    var block: Int? {
        switch self {
        case .attentionNorm(let block), .mlpNorm(let block), .projection(_, let block), .bias(_, let block),
            .queryNorm(let block), .keyNorm(let block), .postAttentionNorm(let block), .postMLPNorm(let block):
            block
        case .embedding, .finalNorm, .lmHead: nil
        }
    }

    /// Name in a Hugging Face checkpoint of a model without norms after attention and MLP.
    var huggingFaceName: String { huggingFaceName(postNorms: false) }

    /// Name in a Hugging Face checkpoint. Source: transformers, the modules of `models/*/modeling_*.py`.
    ///
    /// - Parameter postNorms: whether the model has norms after attention and MLP. Then `post_attention_layernorm` is that
    ///   after attention; without, it is that before the MLP.
    func huggingFaceName(postNorms: Bool) -> String {
        switch self {
        case .embedding: "model.embed_tokens.weight"
        case .attentionNorm(let block): "model.layers.\(block).input_layernorm.weight"
        case .queryNorm(let block): "model.layers.\(block).self_attn.q_norm.weight"
        case .keyNorm(let block): "model.layers.\(block).self_attn.k_norm.weight"
        case .postAttentionNorm(let block): "model.layers.\(block).post_attention_layernorm.weight"
        case .mlpNorm(let block):
            "model.layers.\(block).\(postNorms ? "pre_feedforward" : "post_attention")_layernorm.weight"
        case .postMLPNorm(let block): "model.layers.\(block).post_feedforward_layernorm.weight"
        case .finalNorm: "model.norm.weight"
        case .lmHead: "lm_head.weight"
        case .projection(let projection, let block): "model.layers.\(block).\(projection.moduleName).weight"
        case .bias(let projection, let block): "model.layers.\(block).\(projection.moduleName).bias"
        }
    }

    /// Name in a GGUF file. Source: ggml, docs/gguf.md, "Standardized tensor names"; gguf-py, `constants.py`.
    var ggufName: String {
        switch self {
        case .embedding: "token_embd.weight"
        case .attentionNorm(let block): "blk.\(block).attn_norm.weight"
        case .queryNorm(let block): "blk.\(block).attn_q_norm.weight"
        case .keyNorm(let block): "blk.\(block).attn_k_norm.weight"
        case .postAttentionNorm(let block): "blk.\(block).post_attention_norm.weight"
        case .mlpNorm(let block): "blk.\(block).ffn_norm.weight"
        case .postMLPNorm(let block): "blk.\(block).post_ffw_norm.weight"
        case .finalNorm: "output_norm.weight"
        case .lmHead: "output.weight"
        case .projection(let projection, let block): "blk.\(block).\(projection.ggufName).weight"
        case .bias(let projection, let block): "blk.\(block).\(projection.ggufName).bias"
        }
    }

    /// Whether it is the weight of an RMS norm.
    package var isNorm: Bool {
        switch self {
        case .attentionNorm, .queryNorm, .keyNorm, .postAttentionNorm, .mlpNorm, .postMLPNorm, .finalNorm: true
        case .embedding, .projection, .bias, .lmHead: false
        }
    }
}

extension Projection {
    /// Projections that have a bias where a model has biases.
    package static let biased: [Projection] = [.q, .k, .v]

    /// `self_attn.q_proj`: its module inside a block of transformers' models.
    package var moduleName: String {
        switch self {
        case .q, .k, .v, .o: "self_attn.\(rawValue)_proj"
        case .gate, .up, .down: "mlp.\(rawValue)_proj"
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
        for block in 0..<blockCount { roles += blockRoles(block) }
        roles.append(.finalNorm)
        if !tiedEmbeddings { roles.append(.lmHead) }
        return roles
    }

    /// All tensors of a block, counted from 0.
    func blockRoles(_ block: Int) -> [TensorRole] {
        var roles: [TensorRole] = [.attentionNorm(block: block)]
        roles += Projection.allCases.map { .projection($0, block: block) }
        roles.append(.mlpNorm(block: block))
        return roles + vectors(block: block)
    }

    /// A block's vectors beside its two norms.
    ///
    /// - Parameter block: from 0.
    package func vectors(block: Int) -> [TensorRole] {
        var vectors: [TensorRole] = []
        if variant.attentionBiases { vectors += Projection.biased.map { .bias($0, block: block) } }
        if variant.queryKeyNorms { vectors += [.queryNorm(block: block), .keyNorm(block: block)] }
        if variant.postNorms { vectors += [.postAttentionNorm(block: block), .postMLPNorm(block: block)] }
        return vectors
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
