import ModelFiles
import ProfileFormat
import Workload

/// A contiguous range of a model's layers, ready to run forward and backward: all of them, or one side of a split.
///
/// Layers are numbered as everywhere in Kerf: 0 the embedding, 1...L the decoder blocks, L + 1 the head. All memory is
/// allocated at the start. Each layer and direction can be run alone and any number of times after a whole step has
/// been run: it reads what its neighbours left, and changes only its own output, its own kept activations and, going
/// backward, the gradient of its input and its own adapters' gradients (which are overwritten, not added to).
///
/// Every block computes the gradient of its input, also the first, so that all blocks do the same work; the embedding
/// is frozen and its backward pass does nothing.
///
/// Used from one thread at a time; the engine's threads share the work inside.
package final class LayerStack {
    package let model: ModelConfig
    package let lora: LoRAConfiguration
    package let batch: BatchShape
    package let layers: ClosedRange<Int>
    package let residency: WeightResidency
    /// Of weights and wide activations.
    package let format: NumberFormat
    package let engine: EngineIdentity
    package let threadCount: Int
    /// Whether the engine's threads are bound to processors (``ThreadTeam/pin()``); for the record only.
    package var isPinned = false
    package let timeline: KernelTimeline
    /// What ``update(layer:)`` applies.
    package var optimizer = AdamW()
    /// The last head forward pass's mean cross-entropy, in nats.
    package internal(set) var loss = Double.nan
    /// `[batch, sequence]`; empty until set.
    package internal(set) var tokens: [Int32] = []
    /// What the head is to predict at each position; negative where nothing. Empty until set.
    package internal(set) var targets: [Int32] = []

    let weights: WeightStore
    let context: LayerContext
    /// One for each block of the range.
    let blocks: [DecoderBlock]
    let head: Head?
    /// From the one before the first layer, or after the embedding, to the one after the last block.
    let boundaries: [Boundary]
    /// Layers whose forward pass has run, so that what their backward pass needs is there.
    var computed: Set<Int> = []

    /// - Parameters:
    ///   - layers: within `0...model.blockCount + 1`.
    ///   - seed: of the adapters' initial values.
    ///   - timeline: where every kernel reports; the stack sets its layer and direction.
    /// - Throws: ``KerfError`` for sizes that cannot be or memory that is not there; what `weights` throws.
    package convenience init(
        model: ModelConfig, weights: any WeightSource, lora: LoRAConfiguration, batch: BatchShape,
        layers: ClosedRange<Int>, engine: any MatrixEngine, format: NumberFormat = .f32, residency: WeightResidency,
        seed: UInt64, timeline: KernelTimeline
    ) throws {
        try self.init(
            model: model, weights: weights, lora: lora, batch: batch, layers: layers, engine: engine, format: format,
            residency: residency, seed: seed, timeline: timeline,
            limits: MemoryLimits(memoryBytes: availableMemoryBytes()))
    }

    init(
        model: ModelConfig, weights: any WeightSource, lora: LoRAConfiguration, batch: BatchShape,
        layers: ClosedRange<Int>, engine: any MatrixEngine, format: NumberFormat = .f32, residency: WeightResidency,
        seed: UInt64, timeline: KernelTimeline, limits: MemoryLimits
    ) throws {
        try Self.check(model, lora, batch, layers)
        try engine.check(format)
        self.model = model
        self.lora = lora
        self.batch = batch
        self.layers = layers
        self.residency = residency
        self.format = format
        self.engine = engine.identity
        self.threadCount = engine.threadCount
        self.timeline = timeline

        let hasEmbedding = layers.lowerBound == 0
        let hasHead = layers.upperBound == model.blockCount + 1
        let firstBlock = max(1, layers.lowerBound) - 1
        let blockRange = firstBlock..<max(firstBlock, min(model.blockCount, layers.upperBound))
        let memory = BufferAllocator(limitBytes: limits.memoryBytes)
        context = LayerContext(
            model: model, batch: batch, lora: lora, format: format, team: ThreadTeam(count: engine.threadCount),
            timeline: timeline,
            rope: try RotaryTable(model.rope, headSize: model.headSize, sequence: batch.sequence, memory: memory),
            scratch: try Scratch(
                model: model, batch: batch, lora: lora, format: format, threadCount: engine.threadCount,
                hasBlocks: !blockRange.isEmpty, hasHead: hasHead, memory: memory))
        let context = context
        blocks = try blockRange.map { _ in
            DecoderBlock(
                context: context,
                saved: try BlockActivations(model: model, batch: batch, lora: lora, format: format, memory: memory),
                adapters: try BlockAdapters(model: model, lora: lora, memory: memory))
        }
        let plan = HeadPlan(model, batch, format, limits)
        head = hasHead ? try Head(context: context, plan: plan, memory: memory) : nil
        let first = max(0, layers.lowerBound - 1)
        boundaries = try (first...min(model.blockCount, layers.upperBound)).map { _ in
            try Boundary(batch, hiddenSize: model.hiddenSize, memory: memory)
        }
        let products = ProductCache(engine: engine)
        self.weights = try WeightStore(
            model: model, source: weights, residency: residency,
            use: WeightStore.Use(
                blocks: blockRange, hasEmbedding: hasEmbedding, hasHead: hasHead, rows: batch.tokenCount,
                headRows: (
                    HeadPlan.rowCounts(batch.tokenCount, by: plan.forwardRows),
                    HeadPlan.rowCounts(batch.tokenCount, by: plan.backwardRows)
                ),
                headLayout: engine.packsWeights && plan.isPacked ? .packed : .plain),
            format: format, layout: engine.packsWeights ? .packed : .plain, products: products, memory: memory)
        try context.scratch.makeProductMemory(byteCount: products.scratchByteCount, memory: memory)

        // All of it fits: now it may be written to.
        memory.zero()
        context.rope.fill()
        for (index, block) in blockRange.enumerated() { blocks[index].adapters.initialise(block: block, seed: seed) }
        try self.weights.load()
    }

    /// The activations that enter the range, `[tokens, hiddenSize]`, for the caller to fill; nil when the range begins
    /// with the embedding.
    package var input: UnsafeMutableBufferPointer<Float>? {
        layers.lowerBound > 0 ? boundaries.first?.activation.elements : nil
    }

    /// The loss's gradient by ``input``, as ``backward()`` leaves it.
    package var inputGradient: UnsafeMutableBufferPointer<Float>? {
        layers.lowerBound > 0 ? boundaries.first?.gradient.elements : nil
    }

    /// The activations that leave the range; nil when the range ends with the head.
    package var output: UnsafeMutableBufferPointer<Float>? {
        head == nil ? boundaries.last?.activation.elements : nil
    }

    /// The loss's gradient by ``output``, for the caller to fill before ``backward()``.
    package var outputGradient: UnsafeMutableBufferPointer<Float>? {
        head == nil ? boundaries.last?.gradient.elements : nil
    }

    /// The LoRA pair of a block's projection; nil when the layer is no block of this range or the projection no target.
    package func adapter(layer: Int, projection: Projection) -> Adapter? {
        guard layers.contains(layer), (1...model.blockCount).contains(layer) else { return nil }
        return block(layer).adapters[projection]
    }

    /// What the engine's products use for a while; part of ``memory``'s scratch.
    package var productScratchBytes: Int { context.scratch.product.byteCount }

    package var memory: MemoryUse {
        MemoryUse(
            weights: weights.byteCount,
            adapters: blocks.reduce(0) { $0 + 2 * $1.adapters.parameters.byteCount },
            optimizer: blocks.reduce(0) { $0 + $1.adapters.optimiserByteCount },
            activations: blocks.reduce(head?.keptByteCount ?? 0) { $0 + $1.saved.byteCount }
                + boundaries.reduce(0) { $0 + $1.activation.byteCount },
            gradients: boundaries.reduce(0) { $0 + $1.gradient.byteCount },
            scratch: context.scratch.byteCount + context.rope.byteCount + (head?.scratchByteCount ?? 0)
                + weights.stagingByteCount)
    }

    func block(_ layer: Int) -> DecoderBlock { blocks[layer - max(1, layers.lowerBound)] }

    /// The boundary after a layer.
    func boundary(after layer: Int) -> Boundary { boundaries[layer - max(0, layers.lowerBound - 1)] }
}
