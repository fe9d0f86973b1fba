import ModelFiles
import Workload

/// The frozen weights of a stack's layers, as many at a time as its ``WeightResidency`` says.
///
/// Blocks are laid out as the engine likes best, and so is the head where it is not too large. The embedding's table
/// is plain, since rows are read from it; a tied model with a plain head has one for both.
final class WeightStore {
    /// `[vocabularySize, hiddenSize]`; nil when the range has no embedding layer.
    let embedding: AlignedBuffer?
    /// `[vocabularySize, hiddenSize]`; nil when the range has no head.
    let headMatrix: FrozenMatrix?
    let finalNorm: AlignedBuffer?
    /// The embedding's own, where it does not share the head's.
    private let embeddingMatrix: FrozenMatrix?
    private let slots: [BlockWeights]
    private let source: any WeightSource
    private let residency: WeightResidency
    /// The first block of the range, from 0.
    private let firstBlock: Int
    private let tied: Bool
    private let staging = Staging()

    /// What the layers need weights for.
    struct Use {
        var blocks: Range<Int>
        var hasEmbedding: Bool
        var hasHead: Bool
        /// Rows of a block's activations.
        var rows: Int
        /// Numbers of rows that the head takes together.
        var headRows: (forward: Set<Int>, backward: Set<Int>)
        var headLayout: WeightLayout
    }

    /// The memory; ``load()`` gives it its contents.
    init(
        model: ModelConfig, source: any WeightSource, residency: WeightResidency, use: Use, format: NumberFormat,
        layout: WeightLayout, products: ProductCache, memory: BufferAllocator
    ) throws {
        self.source = source
        self.residency = residency
        firstBlock = use.blocks.lowerBound
        tied = model.tiedEmbeddings
        func vocabularyMatrix(
            rows: (forward: Set<Int>, backward: Set<Int>), _ layout: WeightLayout
        ) throws -> FrozenMatrix {
            try FrozenMatrix(
                outputSize: model.vocabularySize, inputSize: model.hiddenSize, rows: rows, format: format,
                output: (.f32, .f32), layout: layout, products: products, memory: memory)
        }
        headMatrix = use.hasHead ? try vocabularyMatrix(rows: use.headRows, use.headLayout) : nil
        finalNorm = use.hasHead ? try memory.buffer(model.hiddenSize, for: "weights", zeroed: false) : nil
        let sharesHead = tied && use.hasHead && use.headLayout == .plain
        embeddingMatrix = use.hasEmbedding && !sharesHead ? try vocabularyMatrix(rows: ([1], [1]), .plain) : nil
        embedding = use.hasEmbedding ? (embeddingMatrix ?? headMatrix)?.table : nil
        let slotCount = residency == .resident ? use.blocks.count : min(1, use.blocks.count)
        slots = try (0..<slotCount).map { _ in
            try BlockWeights(
                model: model, rows: use.rows, format: format, layout: layout, products: products, memory: memory)
        }
    }

    /// Reads the embedding and the head, and with `resident` or `shared` the blocks.
    func load() throws {
        try embeddingMatrix?.load(.embedding, from: source, staging: staging)
        try headMatrix?.load(tied ? .embedding : .lmHead, from: source, staging: staging)
        if let finalNorm { try source.read(.finalNorm, into: finalNorm.elements) }
        staging.release()
        guard residency != .streaming else { return }
        for (index, slot) in slots.enumerated() {
            try slot.load(block: firstBlock + index, from: source, staging: staging)
        }
        staging.release()
    }

    /// Makes a block's weights resident.
    func prepare(block: Int) throws {
        guard residency == .streaming, slots[0].block != block else { return }
        try slots[0].load(block: block, from: source, staging: staging)
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
        let vocabulary = [embeddingMatrix, headMatrix].compactMap(\.self).reduce(0) { $0 + $1.byteCount }
        return slots.reduce(vocabulary + (finalNorm?.byteCount ?? 0)) { $0 + $1.byteCount }
    }

    /// Memory in which streamed weights are read.
    var stagingByteCount: Int { staging.byteCount }
}
