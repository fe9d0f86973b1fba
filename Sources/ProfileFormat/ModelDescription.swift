import ModelFiles
import Workload

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
    public var weightsKind: WeightsKind
    /// File name (without its folder) or seed.
    public var weightsOrigin: String

    public init(
        name: String, hiddenSize: Int, blockCount: Int, headCount: Int, keyValueHeadCount: Int, headSize: Int,
        intermediateSize: Int, vocabularySize: Int, tiedEmbeddings: Bool, weightsKind: WeightsKind,
        weightsOrigin: String
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

    /// The shapes alone, for comparing models whose weights differ.
    package var ignoringWeights: ModelDescription {
        var model = self
        (model.weightsKind, model.weightsOrigin) = (.random, "")
        return model
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
    public var loraTargets: [Projection]
    /// Format of weights and activations.
    public var dtype: NumberFormat
    public var threads: Int
    /// Whether each thread was bound to a processor of its own.
    public var pinned: Bool?

    public init(
        batch: Int, sequence: Int, loraRank: Int, loraAlpha: Double, loraTargets: [Projection], dtype: NumberFormat,
        threads: Int,
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

    /// `q,v`
    package var loraTargetNames: String { loraTargets.map(\.rawValue).joined(separator: ",") }
}

/// A layer's position and size, computed from the shapes alone.
public struct LayerDescription: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable {
        case embedding, block, head
    }

    /// 0 is the embedding, 1...L the blocks, L + 1 the head.
    public var index: Int
    public var kind: Kind
    public var parameterCount: Int
    /// Trainable LoRA parameters, in bytes as they are sent over the link (f32).
    public var adapterBytes: Int
    /// Floating-point operations of one pass over the whole batch; a multiply and an add are two.
    public var forwardFlops: Double
    public var backwardFlops: Double
    /// Activations that leave the layer for the next one, f32, whole batch: the smashed data of a cut after it.
    public var outputBytes: Int
    /// Memory that the layer needs on the side that runs it; `nil` in files of older versions.
    public var memory: LayerMemory?
    /// Work of its kernels; `nil` in files of older versions.
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
