internal import ModelFiles

/// The frozen weights of a stack's layers, as many at a time as its ``WeightResidency`` says.
final class WeightStore {
    /// `[vocabularySize, hiddenSize]`; nil when the range has no embedding layer.
    let embedding: AlignedBuffer?
    /// `[vocabularySize, hiddenSize]`, the embedding's own memory when they are tied; nil when the range has no head.
    let headMatrix: AlignedBuffer?
    let finalNorm: AlignedBuffer?
    private let slots: [BlockWeights]
    private let source: any WeightSource
    private let residency: WeightResidency
    /// The first block of the range, from 0.
    private let firstBlock: Int

    private let tied: Bool

    /// The memory; ``load()`` gives it its contents.
    init(
        model: ModelConfig, source: any WeightSource, residency: WeightResidency, blocks: Range<Int>,
        hasEmbedding: Bool, hasHead: Bool, memory: BufferAllocator
    ) throws {
        self.source = source
        self.residency = residency
        firstBlock = blocks.lowerBound
        let vocabularyMatrix = {
            try memory.buffer(model.vocabularySize, model.hiddenSize, for: "weights", zeroed: false)
        }
        embedding = hasEmbedding ? try vocabularyMatrix() : nil
        if hasHead {
            headMatrix = model.tiedEmbeddings ? try embedding ?? vocabularyMatrix() : try vocabularyMatrix()
            finalNorm = try memory.buffer(model.hiddenSize, for: "weights", zeroed: false)
        } else {
            headMatrix = nil
            finalNorm = nil
        }
        let slotCount = residency == .resident ? blocks.count : min(1, blocks.count)
        slots = try (0..<slotCount).map { _ in try BlockWeights(model: model, memory: memory) }
        tied = model.tiedEmbeddings
    }

    /// Reads the embedding and the head, and with `resident` or `shared` the blocks.
    func load() throws {
        if let embedding { try source.read(.embedding, into: embedding.elements) }
        if let headMatrix, headMatrix !== embedding {
            try source.read(tied ? .embedding : .lmHead, into: headMatrix.elements)
        }
        if let finalNorm { try source.read(.finalNorm, into: finalNorm.elements) }
        if residency != .streaming {
            for (index, slot) in slots.enumerated() { try slot.load(block: firstBlock + index, from: source) }
        }
    }

    /// Makes a block's weights resident.
    func prepare(block: Int) throws {
        guard residency == .streaming, slots[0].block != block else { return }
        try slots[0].load(block: block, from: source)
    }

    /// A block's weights, or nil when they are not resident.
    subscript(block: Int) -> BlockWeights? {
        switch residency {
        case .resident: slots[block - firstBlock]
        case .shared: slots[0]
        case .streaming: slots[0].block == block ? slots[0] : nil
        }
    }

    var byteCount: Int {
        let vocabulary = (embedding?.byteCount ?? 0) + (headMatrix === embedding ? 0 : headMatrix?.byteCount ?? 0)
        return slots.reduce(vocabulary + (finalNorm?.byteCount ?? 0)) { $0 + $1.byteCount }
    }
}
