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
    /// Whether each thread was bound to a processor of its own.
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

/// A layer's place and size, from the shapes alone.
public struct LayerDescription: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable {
        case embedding, block, head
    }

    /// 0 the embedding, 1...L the blocks, L + 1 the head.
    public var index: Int
    public var kind: Kind
    public var parameterCount: Int
    /// Trainable LoRA parameters, in bytes as they are sent over the link (f32).
    public var adapterBytes: Int
    /// Floating-point operations of one pass over the whole batch; a multiply and an add are two.
    public var forwardFlops: Double
    public var backwardFlops: Double
    /// Activations that leave the layer for the next one, f32, whole batch: the smashed data of a cut behind it.
    public var outputBytes: Int
    /// What the layer needs of a side's memory; `nil` in files of a Kerf that did not count it.
    public var memory: LayerMemory?
    /// What its kernels have to do; `nil` in files of a Kerf that did not count it.
    public var kernels: [KernelCost]?

    public init(
        index: Int, kind: Kind, parameterCount: Int, adapterBytes: Int, forwardFlops: Double, backwardFlops: Double,
        outputBytes: Int, memory: LayerMemory? = nil, kernels: [KernelCost]? = nil
    ) {
        self.index = index
        self.kind = kind
        self.parameterCount = parameterCount
        self.adapterBytes = adapterBytes
        self.forwardFlops = forwardFlops
        self.backwardFlops = backwardFlops
        self.outputBytes = outputBytes
        self.memory = memory
        self.kernels = kernels
    }
}
