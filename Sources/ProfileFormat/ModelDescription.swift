import ModelFiles
import SystemIO
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
    /// What its layers compute beyond Llama's; `nil` for Llama's computation, and in older files.
    public var variant: ModelVariant?
    public var weightsKind: WeightsKind
    /// File name (without its folder) or seed.
    public var weightsOrigin: String

    public init(
        name: String, hiddenSize: Int, blockCount: Int, headCount: Int, keyValueHeadCount: Int, headSize: Int,
        intermediateSize: Int, vocabularySize: Int, tiedEmbeddings: Bool, variant: ModelVariant? = nil,
        weightsKind: WeightsKind, weightsOrigin: String
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
        self.variant = variant
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
    /// Format of activations, and of weights that are not quantized.
    public var dtype: NumberFormat
    /// Formats of the weight matrices, where some are quantized in memory: those that occur; `nil` where all have ``dtype``.
    public var weightFormats: [String]?
    public var threads: Int
    /// Whether each thread was pinned to a processor.
    public var pinned: Bool?
    /// Whether the step is a forward pass alone, as in inference; `nil` for a training step.
    public var forwardOnly: Bool?
    /// Whether a block's backward pass recomputes its forward pass; `nil` where it does not, and in older files.
    public var activationCheckpointing: Bool?

    public init(
        batch: Int, sequence: Int, loraRank: Int, loraAlpha: Double, loraTargets: [Projection], dtype: NumberFormat,
        weightFormats: [String]? = nil, threads: Int,
        pinned: Bool? = nil, forwardOnly: Bool? = nil, activationCheckpointing: Bool? = nil
    ) {
        self.batch = batch
        self.sequence = sequence
        self.loraRank = loraRank
        self.loraAlpha = loraAlpha
        self.loraTargets = loraTargets
        self.dtype = dtype
        self.weightFormats = weightFormats
        self.threads = threads
        self.pinned = pinned
        self.forwardOnly = forwardOnly
        self.activationCheckpointing = activationCheckpointing
    }

    /// The work alone, for comparing steps that other threads run.
    package var ignoringThreads: WorkloadDescription {
        var workload = self
        (workload.threads, workload.pinned) = (0, nil)
        return workload
    }

    /// `q,v`
    package var loraTargetNames: String { loraTargets.map(\.rawValue).joined(separator: ",") }

    /// `LoRA rank 8 on q,v, activation checkpointing, weights in Q4_K and Q6_K, f32`
    package var stepText: String {
        let work = forwardOnly == true ? "forward passes alone" : "LoRA rank \(loraRank) on \(loraTargetNames)"
        let checkpointing = activationCheckpointing == true ? "activation checkpointing, " : ""
        let weights = weightFormatText.map { "weights in \($0), " } ?? ""
        return "\(work), \(checkpointing)\(weights)\(dtype.rawValue)"
    }

    /// `Q4_K and Q6_K`; `nil` where no weight is quantized.
    package var weightFormatText: String? {
        weightFormats.map { formats in formats.map { PlainText.shown($0) }.joined(separator: " and ") }
    }
}

extension ModelDescription {
    package init(_ config: ModelConfig, weightsKind: WeightsKind, weightsOrigin: String) {
        self.init(
            name: config.name, hiddenSize: config.hiddenSize, blockCount: config.blockCount,
            headCount: config.headCount, keyValueHeadCount: config.keyValueHeadCount, headSize: config.headSize,
            intermediateSize: config.intermediateSize, vocabularySize: config.vocabularySize,
            tiedEmbeddings: config.tiedEmbeddings,
            variant: config.variant == ModelVariant() ? nil : config.variant, weightsKind: weightsKind,
            weightsOrigin: weightsOrigin)
    }
}
