import ModelFiles
import ProfileFormat
import SystemIO
import Workload

/// A contiguous range of a model's layers, ready to run forward and backward: all of them, or one side of a split.
///
/// Layer 0 is the embedding, layers 1...L are the decoder blocks, layer L + 1 is the head. All memory is allocated at the
/// start. After a whole step each layer and direction can run alone, any number of times: it reads its neighbors' results
/// and changes only its own output and saved activations or, backward, the gradients of its input and of its adapters.
/// Gradients are overwritten; ``accumulateGradients(layer:)`` adds them up over micro-batches. With activation checkpointing
/// a backward pass that runs alone may have no gradient to read any more: its work is the same, its results are not
/// (``backward(layer:)``).
///
/// Activations of several micro-batches can be kept at the same time, each in a slot of its own; the passes run on the
/// selected one.
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
    /// Whether a block's backward pass recomputes its forward pass, so that what forward passes save is in memory once and
    /// not for each block. Two gradients then serve all boundaries, so that after a step only the gradient at its last
    /// boundary is there. Results have the same bits.
    package let activationCheckpointing: Bool
    /// Format of most activations, and of the weights that are not quantized.
    package let format: NumberFormat
    /// What of the weights is quantized in memory.
    package let matrixFormats: MatrixFormats
    package let engine: EngineIdentity
    package let threadCount: Int
    /// Whether the engine's threads are bound to processors (``ThreadTeam/pin()``); recorded in profiles.
    package var isPinned = false
    package let timeline: KernelTimeline
    /// The optimizer of ``update(layer:)``.
    package var optimizer = AdamW()
    /// Mean cross-entropy of the head's last forward pass, in nats.
    package internal(set) var loss = Double.nan
    /// Number of targets by which the head divides the sum of its losses; nil for those of its own tokens. A micro-batch
    /// sets that of the whole batch, so that the gradients of all micro-batches add up to the batch's.
    package var lossTargetCount: Int?
    /// The slot whose activations the passes read and write.
    package private(set) var slot = 0

    let weights: WeightStore
    let context: LayerContext
    /// One for each block of the range.
    let adapters: [BlockAdapters]
    let head: Head?
    var slots: [ActivationSlot]
    /// With activation checkpointing, what the last forward pass of any block saved.
    private let sharedActivations: BlockActivations?
    /// Sums of gradients over micro-batches, `[block]`; nil until one is needed.
    var accumulated: [AlignedBuffer]?

    /// - Parameters:
    ///   - layers: within `0...model.blockCount + 1`.
    ///   - slotCount: number of micro-batches whose activations are kept at the same time; 1 with the head.
    ///   - activationCheckpointing: whether backward passes of blocks recompute their forward passes.
    ///   - seed: seed of the adapters' initial values.
    ///   - timeline: records every kernel; the stack sets its layer and direction.
    /// - Throws: ``KerfError`` for impossible sizes or too little memory, and errors of `weights`.
    package convenience init(
        model: ModelConfig, weights: any WeightSource, lora: LoRAConfiguration, batch: BatchShape,
        layers: ClosedRange<Int>, engine: any MatrixEngine, format: NumberFormat = .f32, residency: WeightResidency,
        slotCount: Int = 1, activationCheckpointing: Bool = false, seed: UInt64, timeline: KernelTimeline
    ) throws {
        try self.init(
            model: model, weights: weights, lora: lora, batch: batch, layers: layers, engine: engine, format: format,
            residency: residency, slotCount: slotCount, activationCheckpointing: activationCheckpointing, seed: seed,
            timeline: timeline, limits: MemoryLimits(memoryBytes: availableMemoryBytes()))
    }

    init(
        model: ModelConfig, weights: any WeightSource, lora: LoRAConfiguration, batch: BatchShape,
        layers: ClosedRange<Int>, engine: any MatrixEngine, format: NumberFormat = .f32, residency: WeightResidency,
        slotCount: Int = 1, activationCheckpointing: Bool = false, seed: UInt64, timeline: KernelTimeline,
        limits: MemoryLimits
    ) throws {
        try Self.check(model, lora, batch, layers)
        precondition(slotCount == 1 || slotCount > 1 && layers.upperBound <= model.blockCount)
        try engine.check(format)
        matrixFormats = MatrixFormats(weights)
        self.model = model
        self.lora = lora
        self.batch = batch
        self.layers = layers
        self.residency = residency
        self.activationCheckpointing = activationCheckpointing
        self.format = format
        self.engine = engine.identity
        self.threadCount = engine.threadCount
        self.timeline = timeline

        let hasEmbedding = layers.lowerBound == 0
        let hasHead = layers.upperBound == model.blockCount + 1
        let firstBlock = max(1, layers.lowerBound) - 1
        let blockRange = firstBlock..<max(firstBlock, min(model.blockCount, layers.upperBound))
        try Self.check(matrixFormats, engine, residency, blocks: blockRange)
        let memory = BufferAllocator(limitBytes: limits.memoryBytes)
        context = LayerContext(
            model: model, batch: batch, lora: lora, format: format, team: ThreadTeam(count: engine.threadCount),
            timeline: timeline,
            rope: try RotaryTable(
                model.rope, headSize: model.headSize, rotarySize: model.rotarySize, sequence: batch.sequence,
                memory: memory),
            windowRope: try model.windowRope.map {
                try RotaryTable(
                    $0, headSize: model.headSize, rotarySize: model.rotarySize, sequence: batch.sequence, memory: memory
                )
            },
            scratch: try Scratch(
                model: model, batch: batch, lora: lora, format: format, threadCount: engine.threadCount,
                hasBlocks: !blockRange.isEmpty, hasHead: hasHead, memory: memory))
        let context = context
        let adapters = try blockRange.map { _ in try BlockAdapters(model: model, lora: lora, memory: memory) }
        self.adapters = adapters
        let plan = HeadPlan(model, batch, format, limits)
        head = hasHead ? try Head(context: context, plan: plan, memory: memory) : nil
        let first = max(0, layers.lowerBound - 1)
        let boundaryRange = first...min(model.blockCount, layers.upperBound)
        let shared =
            activationCheckpointing && !blockRange.isEmpty ? try BlockActivations(context, memory: memory) : nil
        sharedActivations = shared
        slots = try (0..<slotCount).map { _ in
            try ActivationSlot(
                context: context, adapters: adapters, boundaries: boundaryRange, shared: shared,
                sharesGradients: activationCheckpointing, memory: memory)
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
                headLayout: engine.layout == .packed && !plan.isPacked ? .plain : engine.layout,
                chunkBytes: limits.weightChunkBytes),
            format: format, layout: engine.layout, products: products, memory: memory)
        try context.scratch.makeProductMemory(byteCount: products.scratchByteCount, memory: memory)

        // Everything fits, so the memory may be written to.
        memory.zero()
        context.rope.fill()
        context.windowRope?.fill()
        for (block, adapters) in zip(blockRange, adapters) { adapters.initialize(block: block, seed: seed) }
        try self.weights.load()
    }

    /// Input activations of the range, `[tokens, hiddenSize]`, filled by the caller; nil when the range starts with the
    /// embedding.
    package var input: UnsafeMutableBufferPointer<Float>? {
        layers.lowerBound > 0 ? slots[slot].boundaries.first?.activation.elements : nil
    }

    /// Gradient of the loss by ``input``, computed by ``backward()``.
    package var inputGradient: UnsafeMutableBufferPointer<Float>? {
        layers.lowerBound > 0 ? slots[slot].boundaries.first?.gradient.elements : nil
    }

    /// Output activations of the range; nil when the range ends with the head.
    package var output: UnsafeMutableBufferPointer<Float>? {
        head == nil ? slots[slot].boundaries.last?.activation.elements : nil
    }

    /// Gradient of the loss by ``output``, filled by the caller before ``backward()``.
    package var outputGradient: UnsafeMutableBufferPointer<Float>? {
        head == nil ? gradient(after: layers.upperBound) : nil
    }

    /// The LoRA pair of a block's projection; nil when the layer is not a block of this range or the projection is not a
    /// target.
    package func adapter(layer: Int, projection: Projection) -> Adapter? {
        guard layers.contains(layer), (1...model.blockCount).contains(layer) else { return nil }
        return block(layer).adapters[projection]
    }

    /// Scratch memory of the engine's products, in bytes; part of ``memory``.
    package var productScratchBytes: Int { context.scratch.product.byteCount }

    /// Selects the activations that passes read and write.
    package func select(slot: Int) {
        precondition(slots.indices.contains(slot))
        self.slot = slot
    }

    /// `[batch, sequence]` of the selected slot; empty until set.
    package var tokens: [Int32] { slots[slot].tokens }

    /// Target token of each position of the selected slot; negative for none. Empty until set.
    package var targets: [Int32] { slots[slot].targets }

    package var memory: MemoryUse {
        MemoryUse(
            weights: weights.byteCount,
            adapters: adapters.reduce(0) { $0 + 2 * $1.parameters.byteCount }
                + (accumulated ?? []).reduce(0) { $0 + $1.byteCount },
            optimizer: adapters.reduce(0) { $0 + $1.optimizerByteCount },
            activations: slots.reduce(head?.savedByteCount ?? 0) { $0 + $1.activationByteCount },
            gradients: slots.reduce(0) { $0 + $1.gradientByteCount },
            scratch: context.scratch.byteCount + context.rope.byteCount + (context.windowRope?.byteCount ?? 0)
                + (head?.scratchByteCount ?? 0) + (sharedActivations?.byteCount ?? 0)
                + slots.reduce(0) { $0 + $1.scratchByteCount }
                + weights.stagingByteCount)
    }

    /// Layers of the range that are blocks; empty without one.
    package var blockLayers: Range<Int> {
        let first = max(1, layers.lowerBound)
        return first..<first + adapters.count
    }

    func block(_ layer: Int) -> DecoderBlock { slots[slot].blocks[layer - max(1, layers.lowerBound)] }

    /// The boundary after a layer.
    func boundary(after layer: Int) -> Boundary {
        slots[slot].boundaries[layer - max(0, layers.lowerBound - 1)]
    }

    /// Output of a layer and input of the next, `[tokens, hiddenSize]`, in the selected slot; nil outside the range.
    package func activation(after layer: Int) -> UnsafeMutableBufferPointer<Float>? {
        hasBoundary(after: layer) ? boundary(after: layer).activation.elements : nil
    }

    /// Gradient of the loss by ``activation(after:)``. With activation checkpointing, asking for it makes it the one that
    /// the next backward pass of the layer reads, for the caller to fill.
    package func gradient(after layer: Int) -> UnsafeMutableBufferPointer<Float>? {
        guard hasBoundary(after: layer) else { return nil }
        slots[slot].holdGradient(after: layer)
        return boundary(after: layer).gradient.elements
    }

    private func hasBoundary(after layer: Int) -> Bool {
        slots[slot].boundaries.indices.contains(layer - max(0, layers.lowerBound - 1))
    }
}

extension LayerStack {
    private static func check(
        _ formats: MatrixFormats, _ engine: any MatrixEngine, _ residency: WeightResidency, blocks: Range<Int>
    ) throws {
        guard !formats.isPlain else { return }
        guard engine.layout == .panels else {
            throw KerfError(
                .engineUnavailable, "\(engine.identity.name) does not multiply by quantized weights",
                remedy: .ownProducts)
        }
        guard residency == .resident || formats.areAlike(blocks: blocks) else {
            throw KerfError(
                .unsupported, "the weights of blocks have different formats, so that they cannot take turns in memory",
                remedy: .allWeights)
        }
    }

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
        guard model.rotarySize.isMultiple(of: 2), (2...model.headSize).contains(model.rotarySize),
            model.variant.window.map({ $0.size > 0 }) ?? true
        else {
            throw KerfError(
                .impossibleShape,
                "\(model.name): rotation of \(model.rotarySize) elements of a head, or a window, is out of range")
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
