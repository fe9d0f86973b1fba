import ModelFiles

/// The model that was profiled.
public struct ModelDescription: Codable, Sendable, Hashable {
    public var name: String
    public var hiddenSize: Int
    public var blockCount: Int
    public var headCount: Int
    public var keyValueHeadCount: Int
    public var headSize: Int
    public var intermediateSize: Int
    public var vocabularySize: Int
    public var tiedEmbeddings: Bool
    /// `gguf`, `safetensors` or `random`.
    public var weightsKind: String
    /// File name (without its folder) or seed.
    public var weightsOrigin: String

    public init(
        name: String, hiddenSize: Int, blockCount: Int, headCount: Int, keyValueHeadCount: Int, headSize: Int,
        intermediateSize: Int, vocabularySize: Int, tiedEmbeddings: Bool, weightsKind: String, weightsOrigin: String
    ) {
        self.name = name
        self.hiddenSize = hiddenSize
        self.blockCount = blockCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.intermediateSize = intermediateSize
        self.vocabularySize = vocabularySize
        self.tiedEmbeddings = tiedEmbeddings
        self.weightsKind = weightsKind
        self.weightsOrigin = weightsOrigin
    }
}

/// The training step that was profiled.
public struct WorkloadDescription: Codable, Sendable, Hashable {
    /// Sequences in a batch.
    public var batch: Int
    /// Tokens in a sequence.
    public var sequence: Int
    public var loraRank: Int
    public var loraAlpha: Double
    /// Projections with adapters, in the order q, k, v, o, gate, up, down.
    public var loraTargets: [String]
    /// Number format of weights and activations: `f32` or `bf16`.
    public var dtype: String
    public var threads: Int
    /// Whether each thread was pinned to a processor.
    public var pinned: Bool?

    public init(
        batch: Int, sequence: Int, loraRank: Int, loraAlpha: Double, loraTargets: [String], dtype: String, threads: Int,
        pinned: Bool? = nil
    ) {
        self.batch = batch
        self.sequence = sequence
        self.loraRank = loraRank
        self.loraAlpha = loraAlpha
        self.loraTargets = loraTargets
        self.dtype = dtype
        self.threads = threads
        self.pinned = pinned
    }
}

extension ModelDescription {
    package init(_ config: ModelConfig, weightsKind: String, weightsOrigin: String) {
        self.init(
            name: config.name, hiddenSize: config.hiddenSize, blockCount: config.blockCount,
            headCount: config.headCount, keyValueHeadCount: config.keyValueHeadCount, headSize: config.headSize,
            intermediateSize: config.intermediateSize, vocabularySize: config.vocabularySize,
            tiedEmbeddings: config.tiedEmbeddings, weightsKind: weightsKind, weightsOrigin: weightsOrigin)
    }
}
