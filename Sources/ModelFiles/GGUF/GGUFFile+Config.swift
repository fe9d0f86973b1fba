import SystemIO

extension GGUFFile {
    /// The model's shape, from metadata and, where they leave it open, from tensors.
    ///
    /// Keys: ggml, docs/gguf.md, "LLM". A variant that changes the computation is refused, not ignored.
    func config(name modelName: String) throws(KerfError) -> ModelConfig {
        try checkVariants()
        let hiddenSize = try required("llama.embedding_length")
        let headCount = try required("llama.attention.head_count")
        let model = ModelConfig(
            name: modelName,
            hiddenSize: hiddenSize,
            blockCount: try required("llama.block_count"),
            headCount: headCount,
            keyValueHeadCount: try integer("llama.attention.head_count_kv") ?? headCount,
            headSize: try headSize(hiddenSize: hiddenSize, headCount: headCount),
            intermediateSize: try required("llama.feed_forward_length"),
            vocabularySize: try vocabularySize(),
            rmsNormEpsilon: try epsilon(),
            rope: RotaryEmbedding(theta: try number("llama.rope.freq_base") ?? 10_000, scaling: try scaling()),
            tiedEmbeddings: header.tensors[TensorRole.lmHead.ggufName] == nil)
        try model.validate(file: name) { $0.gguf }
        if let rotated = try integer("llama.rope.dimension_count"), rotated != model.headSize {
            throw unsupported(
                "llama.rope.dimension_count is \(rotated) of a head size of \(model.headSize)",
                "Kerf rotates whole heads")
        }
        return model
    }

    private func checkVariants() throws(KerfError) {
        guard let architecture = try string("general.architecture") else {
            throw KerfError(.malformed, at: name, "general.architecture is missing")
        }
        guard architecture == "llama" else {
            throw unsupported("the architecture is \(quoted(architecture))", "Kerf reads llama")
        }
        if let parts = try integer("split.count"), parts > 1 {
            throw unsupported("is one of \(parts) parts of a model", "join them with llama-gguf-split --merge")
        }
        if let experts = try integer("llama.expert_count"), experts > 0 {
            throw unsupported("is a mixture of \(experts) experts", "Kerf reads dense models")
        }
        if let window = try integer("llama.attention.sliding_window"), window > 0 {
            throw unsupported("has a sliding window of \(window)", "Kerf handles full attention")
        }
        // Whatever stands in a block and is not one of its nine tensors takes part in the computation: biases,
        // norms of queries and keys, experts. Sorted, so that the same file gives the same message.
        for tensor in header.tensors.keys.sorted() where tensor.hasPrefix("blk.") && !Self.isKnown(tensor) {
            throw unsupported("has a tensor \(quoted(tensor))", "Kerf reads Llama blocks without biases or extra norms")
        }
    }

    private static func isKnown(_ tensor: String) -> Bool {
        let suffix = tensor.split(separator: ".", maxSplits: 2).last.map(String.init) ?? ""
        // attn_rot_embd holds the rotary frequencies again, in files of 2023.
        return knownSuffixes.contains(suffix)
    }

    private static let knownSuffixes: Set<String> = {
        let roles: [TensorRole] =
            [.attentionNorm(block: 0), .mlpNorm(block: 0)] + Projection.allCases.map { .projection($0, block: 0) }
        return Set(roles.map { String($0.ggufName.dropFirst("blk.0.".count)) } + ["attn_rot_embd.weight"])
    }()

    private func headSize(hiddenSize: Int, headCount: Int) throws(KerfError) -> Int {
        guard let size = try integer("llama.attention.key_length") else {
            guard headCount > 0, hiddenSize % headCount == 0 else {
                throw KerfError(
                    .impossibleShape, at: name,
                    "llama.embedding_length \(hiddenSize) is not a multiple of llama.attention.head_count \(headCount)")
            }
            return hiddenSize / headCount
        }
        if let valueSize = try integer("llama.attention.value_length"), valueSize != size {
            throw unsupported("keys have \(size) elements a head and values \(valueSize)", "Kerf handles equal ones")
        }
        return size
    }

    /// Rows of the embedding; the metadata's number, where there is one, must be the same.
    private func vocabularySize() throws(KerfError) -> Int {
        guard let embedding = header.tensors[TensorRole.embedding.ggufName] else {
            throw KerfError(.missingTensor, at: name, "\(TensorRole.embedding.ggufName) is missing")
        }
        guard embedding.dimensions.count == 2 else {
            throw KerfError(.impossibleShape, at: name, "\(embedding.name) is not a matrix")
        }
        let rows = embedding.dimensions[1]
        if let stated = try integer("llama.vocab_size"), stated != rows {
            throw KerfError(
                .impossibleShape, at: name, "llama.vocab_size is \(stated), but \(embedding.name) has \(rows) rows")
        }
        return rows
    }

    private func epsilon() throws(KerfError) -> Double {
        guard let value = try number("llama.attention.layer_norm_rms_epsilon") else {
            throw KerfError(.malformed, at: name, "llama.attention.layer_norm_rms_epsilon is missing")
        }
        return value
    }

    /// A tensor with one divisor a frequency, or a stretch of all of them.
    private func scaling() throws(KerfError) -> RotaryEmbedding.Scaling? {
        if let tensor = try tensor("rope_freqs.weight") {
            // Half a head; the bound keeps a hostile size from being allocated.
            guard tensor.rows == 1, tensor.columns <= 4096 else {
                throw KerfError(.impossibleShape, at: name, "rope_freqs.weight is not a short vector")
            }
            var divisors = [Float](repeating: 0, count: tensor.columns)
            let outcome = divisors.withUnsafeMutableBufferPointer { buffer in
                Result { () throws(KerfError) in try tensor.read(into: buffer.baseAddress!) }
            }
            try outcome.get()
            return .perFrequency(divisors)
        }
        // The name of before the scaling had a type.
        if let factor = try number("llama.rope.scale_linear"), factor != 1 { return .linear(factor: factor) }
        switch try string("llama.rope.scaling.type") ?? "none" {
        case "none": return nil
        case "linear":
            guard let factor = try number("llama.rope.scaling.factor") else {
                throw KerfError(.malformed, at: name, "llama.rope.scaling.factor is missing")
            }
            return .linear(factor: factor)
        case let kind: throw unsupported("llama.rope.scaling.type is \(quoted(kind))", "Kerf handles none and linear")
        }
    }

    private func unsupported(_ message: String, _ remedy: String) -> KerfError {
        KerfError(.unsupported, at: name, message, remedy: .text(remedy))
    }
}
