import ModelFiles
import ProfileFormat
import SystemIO
import Workload

/// A contiguous range of a model's layers, ready to run forward and backward: all of them, or one side of a split.
///
/// Layer 0 is the embedding, layers 1...L are the decoder blocks, layer L + 1 is the head. All memory is allocated at the
/// start. After a whole step each layer and direction can run alone, any number of times: it reads its neighbors' results
/// and changes only its own output and saved activations or, backward, the gradients of its input and of its adapters.
/// Gradients are overwritten, not accumulated.
///
/// Every block computes the gradient of its input, also the first, so that all blocks do the same work. The embedding is
/// frozen; its backward pass does nothing.
///
/// Used from one thread at a time; the engine's threads divide the work inside.
package final class LayerStack {
    package let model: ModelConfig
    package let lora: LoRAConfiguration
    package let batch: BatchShape
    package let layers: ClosedRange<Int>
    package let residency: WeightResidency
    /// Format of weights and most activations.
    package let format: NumberFormat
    package let engine: EngineIdentity
    package let threadCount: Int
    /// Whether the engine's threads are bound to processors (``ThreadTeam/pin()``); recorded in profiles.
    package var isPinned = false
    package let timeline: KernelTimeline
    /// The optimizer of ``update(layer:)``.
    package var optimizer = AdamW()
    /// Mean cross-entropy of the head's last forward pass, in nats.
    package internal(set) var loss = Double.nan
    /// `[batch, sequence]`; empty until set.
    package internal(set) var tokens: [Int32] = []
    /// Target token of each position; negative for none. Empty until set.
    package internal(set) var targets: [Int32] = []

    let weights: WeightStore
    let context: LayerContext
    /// One for each block of the range.
    let blocks: [DecoderBlock]
    let head: Head?
    /// From the boundary before the first layer, or after the embedding, to the one after the last block.
    let boundaries: [Boundary]
    /// Layers whose forward pass has run, so that their backward pass has its inputs.
    var computed: Set<Int> = []

    /// - Parameters:
    ///   - layers: within `0...model.blockCount + 1`.
    ///   - seed: seed of the adapters' initial values.
    ///   - timeline: records every kernel; the stack sets its layer and direction.
    /// - Throws: ``KerfError`` for impossible sizes or too little memory, and errors of `weights`.
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

        // Everything fits, so the memory may be written to.
        memory.zero()
        context.rope.fill()
        for (index, block) in blockRange.enumerated() { blocks[index].adapters.initialize(block: block, seed: seed) }
        try self.weights.load()
    }

    /// Input activations of the range, `[tokens, hiddenSize]`, filled by the caller; nil when the range starts with the
    /// embedding.
    package var input: UnsafeMutableBufferPointer<Float>? {
        layers.lowerBound > 0 ? boundaries.first?.activation.elements : nil
    }

    /// Gradient of the loss by ``input``, computed by ``backward()``.
    package var inputGradient: UnsafeMutableBufferPointer<Float>? {
        layers.lowerBound > 0 ? boundaries.first?.gradient.elements : nil
    }

    /// Output activations of the range; nil when the range ends with the head.
    package var output: UnsafeMutableBufferPointer<Float>? {
        head == nil ? boundaries.last?.activation.elements : nil
    }

    /// Gradient of the loss by ``output``, filled by the caller before ``backward()``.
    package var outputGradient: UnsafeMutableBufferPointer<Float>? {
        head == nil ? boundaries.last?.gradient.elements : nil
    }

    /// The LoRA pair of a block's projection; nil when the layer is not a block of this range or the projection is not a
    /// target.
    package func adapter(layer: Int, projection: Projection) -> Adapter? {
        guard layers.contains(layer), (1...model.blockCount).contains(layer) else { return nil }
        return block(layer).adapters[projection]
    }

    /// Scratch memory of the engine's products, in bytes; part of ``memory``.
    package var productScratchBytes: Int { context.scratch.product.byteCount }

    package var memory: MemoryUse {
        MemoryUse(
            weights: weights.byteCount,
            adapters: blocks.reduce(0) { $0 + 2 * $1.adapters.parameters.byteCount },
            optimizer: blocks.reduce(0) { $0 + $1.adapters.optimizerByteCount },
            activations: blocks.reduce(head?.savedByteCount ?? 0) { $0 + $1.saved.byteCount }
                + boundaries.reduce(0) { $0 + $1.activation.byteCount },
            gradients: boundaries.reduce(0) { $0 + $1.gradient.byteCount },
            scratch: context.scratch.byteCount + context.rope.byteCount + (head?.scratchByteCount ?? 0)
                + weights.stagingByteCount)
    }

    func block(_ layer: Int) -> DecoderBlock { blocks[layer - max(1, layers.lowerBound)] }

    /// The boundary after a layer.
    func boundary(after layer: Int) -> Boundary { boundaries[layer - max(0, layers.lowerBound - 1)] }
}

extension LayerStack {
    /// Checks sizes, which come from files and the command line, before anything is allocated.
    static func check(
        _ model: ModelConfig, _ lora: LoRAConfiguration, _ batch: BatchShape, _ layers: ClosedRange<Int>
    ) throws {
        let sizes = [
            ("hidden size", model.hiddenSize), ("block count", model.blockCount), ("head count", model.headCount),
            ("key-value head count", model.keyValueHeadCount), ("head size", model.headSize),
            ("intermediate size", model.intermediateSize), ("vocabulary size", model.vocabularySize),
            ("batch", batch.batch), ("sequence", batch.sequence), ("LoRA rank", lora.rank),
        ]
        for (name, size) in sizes where size < 1 || size > 1 << 24 {
            throw KerfError(.impossibleShape, "\(model.name): \(name) of \(size)")
        }
        guard model.headCount.isMultiple(of: model.keyValueHeadCount) else {
            throw KerfError(
                .impossibleShape,
                "\(model.name): \(model.headCount) heads are not a multiple of \(model.keyValueHeadCount) key-value heads"
            )
        }
        guard model.headSize.isMultiple(of: 2) else {
            throw KerfError(
                .impossibleShape, "\(model.name): head size \(model.headSize) is odd, and RoPE rotates pairs")
        }
        guard model.rmsNormEpsilon >= 0, model.rope.theta > 0, lora.alpha.isFinite else {
            throw KerfError(.impossibleShape, "\(model.name): a constant of norm, RoPE or LoRA is out of range")
        }
        guard layers.lowerBound >= 0, layers.upperBound <= model.blockCount + 1 else {
            throw KerfError(
                .noSuchLayer, "layers \(layers.lowerBound) to \(layers.upperBound) of \(model.name)",
                remedy: "its layers are 0 to \(model.blockCount + 1)")
        }
    }

    func check(_ layer: Int) throws {
        guard layers.contains(layer) else {
            throw KerfError(
                .noSuchLayer, "layer \(layer) is not in this stack",
                remedy: "it has \(layers.lowerBound) to \(layers.upperBound)")
        }
    }

    /// - Throws: ``KerfError/Code/invalidToken`` unless there is one id for each token of the batch, each in the vocabulary
    ///   or, if allowed, negative.
    func check(_ ids: [Int32], _ what: String, negativeAllowed: Bool) throws {
        guard ids.count == batch.tokenCount else {
            throw KerfError(.invalidToken, "\(ids.count) \(what)s for a batch of \(batch.tokenCount)")
        }
        let minimum = negativeAllowed ? Int32.min : 0
        if let index = ids.firstIndex(where: { $0 < minimum || Int($0) >= model.vocabularySize }) {
            throw KerfError(
                .invalidToken, "\(what) \(index) is \(ids[index]), outside the vocabulary of \(model.vocabularySize)")
        }
    }
}
