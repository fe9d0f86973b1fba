import SystemIO

extension GGUFFile {
    /// The architecture that the file names.
    ///
    /// - Throws: `unsupported` for a file that holds no whole model, or one of an architecture that is not read.
    func architecture() throws(KerfError) -> GGUFArchitecture {
        if let type = try string("general.type"), type != "model" {
            throw unsupported(
                "holds no model: general.type is \(quoted(type))", "give the GGUF file of the model itself")
        }
        guard let name = try string("general.architecture") else {
            throw KerfError(.malformed, at: self.name, "general.architecture is missing")
        }
        guard let architecture = GGUFArchitecture.all.first(where: { $0.name == name }) else {
            throw unsupported(
                "the architecture is \(quoted(name))",
                "Kerf reads \(GGUFArchitecture.all.map(\.name).joined(separator: ", "))")
        }
        return architecture
    }

    /// The model's shape, from metadata or, where those do not say, from tensors.
    ///
    /// Keys: ggml, docs/gguf.md, "LLM". A variant that changes the computation and is not supported is refused, not ignored.
    func config(_ architecture: GGUFArchitecture, name modelName: String) throws(KerfError) -> ModelConfig {
        let prefix = architecture.name
        try checkVariants(prefix)
        let hiddenSize = try required("\(prefix).embedding_length")
        let headCount = try required("\(prefix).attention.head_count")
        let blockCount = try required("\(prefix).block_count")
        let headSize = try headSize(prefix, hiddenSize: hiddenSize, headCount: headCount)
        let theta = try number("\(prefix).rope.freq_base") ?? 10_000
        let model = ModelConfig(
            name: modelName,
            hiddenSize: hiddenSize,
            blockCount: blockCount,
            headCount: headCount,
            keyValueHeadCount: try integer("\(prefix).attention.head_count_kv") ?? headCount,
            headSize: headSize,
            intermediateSize: try required("\(prefix).feed_forward_length"),
            vocabularySize: try vocabularySize(prefix),
            rmsNormEpsilon: try epsilon(prefix),
            rope: RotaryEmbedding(theta: theta, scaling: try scaling(prefix, architecture)),
            tiedEmbeddings: header.tensors[TensorRole.lmHead.ggufName] == nil,
            variant: try variant(
                architecture, hiddenSize: hiddenSize, headCount: headCount, headSize: headSize, blockCount: blockCount))
        try model.validate(file: name) { $0.gguf(prefix) }
        try checkTensors(model, architecture)
        if let other = model.tensorBeyondBlocks(in: header.tensors.keys, after: "blk.") {
            throw KerfError(
                .impossibleShape, at: name,
                "has a tensor \(quoted(other)), but \(prefix).block_count is \(model.blockCount)",
                remedy: "convert the model again")
        }
        return model
    }

    private func variant(
        _ architecture: GGUFArchitecture, hiddenSize: Int, headCount: Int, headSize: Int, blockCount: Int
    ) throws(KerfError) -> ModelVariant {
        let prefix = architecture.name
        let rotated = try integer("\(prefix).rope.dimension_count") ?? headSize
        guard rotated == headSize || architecture.rotatesPart else {
            throw unsupported(
                "\(prefix).rope.dimension_count is \(rotated), and the head size \(headSize)",
                "Kerf rotates whole heads")
        }
        // What 1 / sqrt(head size) is in the other models of the architecture.
        let headWidth = Double(hiddenSize) / Double(max(1, headCount))
        let isScaledByWidth = blockCount == architecture.blocksScaledByWidth && headWidth != Double(headSize)
        return ModelVariant(
            attentionBiases: architecture.attentionBiases, queryKeyNorms: architecture.queryKeyNorms,
            postNorms: architecture.isGemma, activation: architecture.isGemma ? .geluTanh : .silu,
            embeddingScale: architecture.isGemma ? Double(hiddenSize).squareRoot() : nil,
            attentionScale: isScaledByWidth ? 1 / headWidth.squareRoot() : nil,
            attentionSoftCap: try softCap("\(prefix).attn_logit_softcapping", architecture.attentionSoftCap),
            logitSoftCap: try softCap("\(prefix).final_logit_softcapping", architecture.logitSoftCap),
            rotarySize: rotated == headSize ? nil : rotated, window: try window(architecture, blockCount: blockCount),
            windowRopeTheta: try windowRopeTheta(architecture), fusedProjections: architecture.fusesProjections)
    }

    private func softCap(_ key: String, _ rule: GGUFArchitecture.SoftCap) throws(KerfError) -> Double? {
        // 0 stands for none.
        let stated = try number(key)
        guard case .stated(let byDefault) = rule else {
            guard let stated, stated != 0 else { return nil }
            throw unsupported("\(key) is \(stated)", "Kerf supports none in this architecture")
        }
        let cap = stated ?? byDefault
        return cap == 0 ? nil : cap
    }

    private func window(_ architecture: GGUFArchitecture, blockCount: Int) throws(KerfError) -> AttentionWindow? {
        let prefix = architecture.name
        let patternKey = "\(prefix).attention.sliding_window_pattern"
        let stated = try integer("\(prefix).attention.sliding_window")
        guard let size = stated ?? architecture.windowByDefault, size > 0 else { return nil }
        switch architecture.windowRule {
        case .never:
            throw unsupported("has a sliding window of \(size)", "Kerf supports full attention in \(prefix)")
        case .allBlocks:
            guard header.metadata[patternKey] == nil else {
                throw unsupported("has \(patternKey)", "Kerf supports a window in all blocks of \(prefix)")
            }
            return AttentionWindow(size: size)
        case .periodic(let period):
            let period = try integer(patternKey) ?? period
            guard period >= 1 else { throw unsupported("\(patternKey) is \(period)", "Kerf reads 1 and more") }
            let full = (0..<min(blockCount, 4096)).filter { ($0 + 1) % period == 0 }
            return AttentionWindow(size: size, fullLayers: full.map { $0 + 1 })
        }
    }

    private func windowRopeTheta(_ architecture: GGUFArchitecture) throws(KerfError) -> Double? {
        guard let theta = architecture.windowRopeTheta else { return nil }
        return try number("\(architecture.name).rope.freq_base_swa") ?? theta
    }

    private func checkVariants(_ prefix: String) throws(KerfError) {
        if let parts = try integer("split.count"), parts > 1 {
            throw unsupported("is one of \(parts) parts of a model", "join them with llama-gguf-split --merge")
        }
        if let experts = try integer("\(prefix).expert_count"), experts > 0 {
            throw unsupported("is a mixture of \(experts) experts", "Kerf reads dense models")
        }
    }

    /// Refuses tensors that the model does not have, since each is part of the computation: biases, norms, experts, other
    /// divisors of rotary frequencies. Sorted, so that the same file gives the same message.
    private func checkTensors(_ model: ModelConfig, _ architecture: GGUFArchitecture) throws(KerfError) {
        let outside = Set(
            [TensorRole.embedding, .finalNorm, .lmHead].map(\.ggufName) + ["rope_freqs.weight"]
                + (architecture.hasLongRope ? GGUFArchitecture.longRopeNames : []))
        // attn_rot_embd repeats the rotary frequencies in files from 2023.
        let suffixes = Set(
            model.blockRoles(0).map { String(architecture.place(of: $0, in: model).name.dropFirst("blk.0.".count)) }
                + ["attn_rot_embd.weight"])
        for tensor in header.tensors.keys.sorted() {
            let suffix = tensor.split(separator: ".", maxSplits: 2).last.map(String.init) ?? ""
            guard tensor.hasPrefix("blk.") ? suffixes.contains(suffix) : outside.contains(tensor) else {
                throw unsupported(
                    "has a tensor \(quoted(tensor))",
                    "Kerf reads \(architecture.name) models without biases or norms of this name")
            }
        }
    }

    private func headSize(_ prefix: String, hiddenSize: Int, headCount: Int) throws(KerfError) -> Int {
        guard let size = try integer("\(prefix).attention.key_length") else {
            guard headCount > 0, hiddenSize % headCount == 0 else {
                throw KerfError(
                    .impossibleShape, at: name,
                    "\(prefix).embedding_length \(hiddenSize) is not a multiple of \(prefix).attention.head_count \(headCount)"
                )
            }
            return hiddenSize / headCount
        }
        if let valueSize = try integer("\(prefix).attention.value_length"), valueSize != size {
            throw unsupported("keys have \(size) elements a head and values \(valueSize)", "Kerf supports equal ones")
        }
        return size
    }

    /// Rows of the embedding; the stated number, if present, must be equal.
    private func vocabularySize(_ prefix: String) throws(KerfError) -> Int {
        guard let embedding = header.tensors[TensorRole.embedding.ggufName] else {
            throw KerfError(.missingTensor, at: name, "\(TensorRole.embedding.ggufName) is missing")
        }
        guard embedding.dimensions.count == 2 else {
            throw KerfError(.impossibleShape, at: name, "\(embedding.name) is not a matrix")
        }
        let rows = embedding.dimensions[1]
        if let stated = try integer("\(prefix).vocab_size"), stated != rows {
            throw KerfError(
                .impossibleShape, at: name, "\(prefix).vocab_size is \(stated), but \(embedding.name) has \(rows) rows")
        }
        return rows
    }

    private func epsilon(_ prefix: String) throws(KerfError) -> Double {
        let key = "\(prefix).attention.layer_norm_rms_epsilon"
        guard let value = try number(key) else { throw KerfError(.malformed, at: name, "\(key) is missing") }
        return value
    }

    /// A tensor with one divisor for each frequency, two with those of short and of long sequences, or one factor for all.
    private func scaling(
        _ prefix: String, _ architecture: GGUFArchitecture
    ) throws(KerfError) -> RotaryEmbedding.Scaling? {
        if let divisors = try divisors("rope_freqs.weight") { return .perFrequency(divisors) }
        if architecture.hasLongRope, let long = try divisors(GGUFArchitecture.longRopeNames[0]) {
            let shortName = GGUFArchitecture.longRopeNames[1]
            guard let short = try divisors(shortName) else {
                throw KerfError(.missingTensor, at: name, "\(shortName) is missing")
            }
            return .longRope(
                RotaryEmbedding.LongRope(
                    short: short, long: long,
                    originalContextLength: try required("\(prefix).rope.scaling.original_context_length"),
                    attentionFactor: try number("\(prefix).rope.scaling.attn_factor") ?? 1))
        }
        // The key from before the scaling had a type.
        if let factor = try number("\(prefix).rope.scale_linear"), factor != 1 { return .linear(factor: factor) }
        switch try string("\(prefix).rope.scaling.type") ?? "none" {
        case "none": return nil
        case "linear":
            guard let factor = try number("\(prefix).rope.scaling.factor") else {
                throw KerfError(.malformed, at: name, "\(prefix).rope.scaling.factor is missing")
            }
            return .linear(factor: factor)
        case let kind:
            throw unsupported("\(prefix).rope.scaling.type is \(quoted(kind))", "Kerf supports none and linear")
        }
    }

    /// A short vector; `nil` when there is none of this name.
    private func divisors(_ tensorName: String) throws(KerfError) -> [Float]? {
        guard let tensor = try tensor(tensorName) else { return nil }
        // Half a head; the bound prevents a hostile size from being allocated.
        guard tensor.rows == 1, tensor.columns <= 4096 else {
            throw KerfError(.impossibleShape, at: name, "\(tensorName) is not a short vector")
        }
        var divisors = [Float](repeating: 0, count: tensor.columns)
        let outcome = divisors.withUnsafeMutableBufferPointer { buffer in
            Result { () throws(KerfError) in try tensor.read(into: buffer.baseAddress!) }
        }
        try outcome.get()
        return divisors
    }

    private func unsupported(_ message: String, _ remedy: String) -> KerfError {
        KerfError(.unsupported, at: name, message, remedy: .text(remedy))
    }
}
