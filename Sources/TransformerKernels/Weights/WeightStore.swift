import ModelFiles
import SystemIO
import Workload

/// The frozen weights of a stack's layers; ``WeightResidency`` says how many are in memory at the same time.
///
/// Blocks are in the engine's preferred layout, and so is the head if it is not too large. The embedding is read row by row,
/// so its layout must be the same for both directions. Where the head's is too, a tied model has one matrix for both.
final class WeightStore {
    /// `[vocabularySize, hiddenSize]`; nil when the range has no embedding layer.
    let embedding: EmbeddingTable?
    /// `[vocabularySize, hiddenSize]`; nil when the range has no head.
    let headMatrix: FrozenMatrix?
    let finalNorm: AlignedBuffer?
    /// The embedding's matrix; nil when it shares the head's.
    private let embeddingMatrix: FrozenMatrix?
    private let slots: [BlockWeights]
    private let source: any WeightSource
    private let residency: WeightResidency
    /// The first block of the range, from 0.
    private let firstBlock: Int
    private let tied: Bool
    private let staging: Staging

    /// Which weights the layers need, and for which products.
    struct Use {
        var blocks: Range<Int>
        var hasEmbedding: Bool
        var hasHead: Bool
        /// Rows of a block's activations.
        var rows: Int
        /// Row counts of the head's products.
        var headRows: (forward: Set<Int>, backward: Set<Int>)
        var headLayout: WeightLayout
        /// Bytes that are read at a time.
        var chunkBytes: Int
    }

    /// Allocates the memory; ``load()`` reads its contents.
    init(
        model: ModelConfig, source: any WeightSource, residency: WeightResidency, use: Use, format: NumberFormat,
        layout: WeightLayout, products: ProductCache, memory: BufferAllocator
    ) throws {
        self.source = source
        self.residency = residency
        staging = Staging(chunkBytes: use.chunkBytes)
        firstBlock = use.blocks.lowerBound
        tied = model.tiedEmbeddings
        func quantization(_ role: TensorRole) -> QuantizedFormat? { source.quantizedFormat(of: model.stored(role)) }
        func vocabularyMatrix(
            _ role: TensorRole, rows: (forward: Set<Int>, backward: Set<Int>), _ layout: WeightLayout
        ) throws -> FrozenMatrix {
            try FrozenMatrix(
                outputSize: model.vocabularySize, inputSize: model.hiddenSize, rows: rows, format: format,
                quantization: quantization(role), output: (.f32, .f32), layout: layout, products: products,
                memory: memory)
        }
        headMatrix = use.hasHead ? try vocabularyMatrix(.lmHead, rows: use.headRows, use.headLayout) : nil
        finalNorm = use.hasHead ? try memory.buffer(model.hiddenSize, for: "weights", zeroed: false) : nil
        let sharesHead = tied && use.hasHead && use.headLayout.copies == 1
        let embeddingLayout = layout.copies == 1 ? layout : .plain
        let ownMatrix =
            use.hasEmbedding && !sharesHead ? try vocabularyMatrix(.embedding, rows: ([1], [1]), embeddingLayout) : nil
        embeddingMatrix = ownMatrix
        embedding = (use.hasEmbedding ? ownMatrix ?? headMatrix : nil).map {
            EmbeddingTable(
                matrix: $0.table, vocabularySize: model.vocabularySize, hiddenSize: model.hiddenSize,
                layout: ownMatrix == nil ? use.headLayout : embeddingLayout, quantization: quantization(.embedding))
        }
        let slotCount = residency == .resident ? use.blocks.count : min(1, use.blocks.count)
        slots = try use.blocks.prefix(slotCount).map { block in
            try BlockWeights(
                model: model, rows: use.rows, format: format,
                quantization: { quantization(.projection($0, block: block)) }, layout: layout, products: products,
                memory: memory)
        }
    }

    /// Reads embedding and head and, except with `streaming`, the blocks.
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

    /// Reads a block's weights unless they are in memory.
    func prepare(block: Int) throws {
        guard residency == .streaming, slots[0].block != block else { return }
        try slots[0].load(block: block, from: source, staging: staging)
    }

    /// A block's weights, or nil when they are not in memory.
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

    /// Size of the buffer through which streamed weights are read.
    var stagingByteCount: Int { staging.byteCount }
}

/// A buffer into which a weight, or a part of it, is read before it is packed. It grows to the largest weight so far.
final class Staging {
    /// Bytes of a weight that are read at a time, where it can be packed in parts.
    let chunkBytes: Int
    private var memory: AlignedBuffer?

    init(chunkBytes: Int) { self.chunkBytes = chunkBytes }

    /// - Throws: ``KerfError/Code/outOfMemory``.
    func buffer(count: Int) throws -> AlignedBuffer {
        if let memory, memory.count >= count { return memory }
        memory = nil
        guard let buffer = AlignedBuffer(count: count) else {
            throw KerfError(.outOfMemory, "\(4 * count >> 20) MiB to read a weight into do not fit")
        }
        memory = buffer
        return buffer
    }

    func release() { memory = nil }

    var byteCount: Int { memory?.byteCount ?? 0 }
}
