import SystemIO
import SystemPackage

/// An open GGUF file: its header, and its tensors with checked ranges.
struct GGUFFile: Sendable {
    let map: MappedFile
    let header: GGUFHeader

    var name: String { map.name }

    init(_ path: FilePath) throws(KerfError) {
        let map = try MappedFile(path, minimumBytes: GGUFHeader.minimumBytes)
        self.map = map
        header = try map.withBytes(0..<map.count) { (bytes) throws(KerfError) in
            try GGUFHeader(bytes, file: path.string)
        }
    }

    /// A tensor, or `nil` when the file has none of this name.
    ///
    /// - Throws: ``KerfError`` when its type is not supported, or it is not inside the file.
    func tensor(_ tensorName: String) throws(KerfError) -> StoredTensor? {
        guard let info = header.tensors[tensorName] else { return nil }
        guard let format = TensorFormats.ggml(info.type) else {
            throw KerfError(
                .unsupported, at: name, "tensor \(quoted(tensorName)) has type \(TensorFormats.ggmlName(info.type))",
                remedy: .text(TensorFormats.supportedInGGUF))
        }
        let columns = info.dimensions.first ?? 1
        guard info.elements > 0, let bytes = StoredTensor.byteCount(format, elements: info.elements, columns: columns)
        else {
            throw KerfError(
                .impossibleShape, at: name,
                "tensor \(quoted(tensorName)) of type \(format.name) has rows of \(columns) values, \(info.elements) in all"
            )
        }
        guard info.offset % UInt64(header.alignment) == 0 else {
            throw KerfError(
                .malformed, at: name,
                "tensor \(quoted(tensorName)) starts at \(info.offset), which is not a multiple of \(header.alignment)")
        }
        let (end, overflow) = info.offset.addingReportingOverflow(UInt64(bytes))
        let (fileEnd, fileOverflow) = end.addingReportingOverflow(UInt64(header.dataStart))
        guard !overflow, !fileOverflow, fileEnd <= UInt64(map.count) else {
            throw KerfError(
                .truncated, at: name,
                "tensor \(quoted(tensorName)) has \(bytes) bytes at \(info.offset) of the data, beyond the file's end",
                remedy: "download the file again")
        }
        return StoredTensor(
            file: map, format: format, offset: header.dataStart + Int(info.offset), rows: info.elements / columns,
            columns: columns)
    }

    // MARK: - Metadata

    /// A size or a count, of any integer type.
    func integer(_ key: String) throws(KerfError) -> Int? {
        switch header.metadata[key] {
        case nil: return nil
        case .unsigned(let value) where value <= UInt64(Int.max): return Int(value)
        case .signed(let value) where value >= 0: return Int(value)
        default: throw KerfError(.malformed, at: name, "\(key) is not a count")
        }
    }

    func required(_ key: String) throws(KerfError) -> Int {
        guard let value = try integer(key) else { throw KerfError(.malformed, at: name, "\(key) is missing") }
        return value
    }

    func number(_ key: String) throws(KerfError) -> Double? {
        switch header.metadata[key] {
        case nil: return nil
        case .float(let value): return value
        default: throw KerfError(.malformed, at: name, "\(key) is not a floating-point number")
        }
    }

    func string(_ key: String) throws(KerfError) -> String? {
        guard let value = header.metadata[key] else { return nil }
        guard case .string(let range) = value, range.count <= 4096 else {
            throw KerfError(.malformed, at: name, "\(key) is not a short text")
        }
        return try map.withBytes(range) { (bytes) throws(KerfError) in String(decoding: bytes, as: UTF8.self) }
    }
}

extension GGUFFile {
    /// The model's shape, from metadata or, where those do not say, from tensors.
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
        if let other = model.tensorBeyondBlocks(in: header.tensors.keys, after: "blk.") {
            throw KerfError(
                .impossibleShape, at: name,
                "has a tensor \(quoted(other)), but llama.block_count is \(model.blockCount)",
                remedy: "convert the model again")
        }
        if let rotated = try integer("llama.rope.dimension_count"), rotated != model.headSize {
            throw unsupported(
                "llama.rope.dimension_count is \(rotated), and the head size \(model.headSize)",
                "Kerf rotates whole heads")
        }
        return model
    }

    private func checkVariants() throws(KerfError) {
        if let type = try string("general.type"), type != "model" {
            throw unsupported(
                "holds no model: general.type is \(quoted(type))", "give the GGUF file of the model itself")
        }
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
            throw unsupported("has a sliding window of \(window)", "Kerf supports full attention")
        }
        // Any other tensor is part of the computation: biases, norms of queries, keys and the embedding, experts, other
        // divisors of rotary frequencies. Sorted, so that the same file gives the same message.
        for tensor in header.tensors.keys.sorted() where !Self.isKnown(tensor) {
            throw unsupported("has a tensor \(quoted(tensor))", "Kerf reads Llama models without biases or extra norms")
        }
    }

    private static func isKnown(_ tensor: String) -> Bool {
        guard tensor.hasPrefix("blk.") else { return knownOutside.contains(tensor) }
        let suffix = tensor.split(separator: ".", maxSplits: 2).last.map(String.init) ?? ""
        // attn_rot_embd repeats the rotary frequencies in files from 2023.
        return knownSuffixes.contains(suffix)
    }

    private static let knownOutside: Set<String> = [
        TensorRole.embedding.ggufName, TensorRole.finalNorm.ggufName, TensorRole.lmHead.ggufName, "rope_freqs.weight",
    ]

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
            throw unsupported("keys have \(size) elements a head and values \(valueSize)", "Kerf supports equal ones")
        }
        return size
    }

    /// Rows of the embedding; llama.vocab_size, if present, must be equal.
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

    /// A tensor with one divisor for each frequency, or one factor for all of them.
    private func scaling() throws(KerfError) -> RotaryEmbedding.Scaling? {
        if let tensor = try tensor("rope_freqs.weight") {
            // Half a head; the bound prevents a hostile size from being allocated.
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
        // The key from before the scaling had a type.
        if let factor = try number("llama.rope.scale_linear"), factor != 1 { return .linear(factor: factor) }
        switch try string("llama.rope.scaling.type") ?? "none" {
        case "none": return nil
        case "linear":
            guard let factor = try number("llama.rope.scaling.factor") else {
                throw KerfError(.malformed, at: name, "llama.rope.scaling.factor is missing")
            }
            return .linear(factor: factor)
        case let kind: throw unsupported("llama.rope.scaling.type is \(quoted(kind))", "Kerf supports none and linear")
        }
    }

    private func unsupported(_ message: String, _ remedy: String) -> KerfError {
        KerfError(.unsupported, at: name, message, remedy: .text(remedy))
    }
}
