import ModelFiles

/// Memory of a stack in bytes, by purpose.
package struct MemoryUse: Sendable, Hashable {
    /// Frozen weights in memory at the same time.
    package var weights: Int
    /// LoRA pairs and their gradients.
    package var adapters: Int
    /// AdamW's two moments.
    package var optimizer: Int
    /// Every layer's output, and what forward passes save for backward passes. With activation checkpointing blocks save
    /// to scratch memory.
    package var activations: Int
    /// The gradient of every layer's output. With activation checkpointing that of the first boundary, and scratch memory has
    /// a second one for all others.
    package var gradients: Int
    /// Memory whose contents are not needed between layers.
    package var scratch: Int

    package init(weights: Int, adapters: Int, optimizer: Int, activations: Int, gradients: Int, scratch: Int) {
        self.weights = weights
        self.adapters = adapters
        self.optimizer = optimizer
        self.activations = activations
        self.gradients = gradients
        self.scratch = scratch
    }

    package var total: Int { weights + adapters + optimizer + activations + gradients + scratch }
}

/// Limits on memory, which decide how much is computed at a time. Tests set smaller ones, so that small models are
/// divided too.
package struct MemoryLimits: Sendable, Hashable {
    /// Bytes of logits that are computed together.
    package var logitsBytes: Int
    /// Bytes of the logits' gradient that the head may save for its backward pass.
    package var keptLogitsBytes: Int
    /// Bytes that the head's matrix may take in the engine's layouts, both directions together; a larger one stays in
    /// the plain layout.
    package var packedHeadBytes: Int
    /// Bytes of a weight that are read at a time, where it can be packed in parts.
    package var weightChunkBytes: Int
    /// Bytes that a whole stack may take.
    package var memoryBytes: Int

    package init(
        logitsBytes: Int = 64 << 20, keptLogitsBytes: Int = 256 << 20, packedHeadBytes: Int = 256 << 20,
        weightChunkBytes: Int = 16 << 20, memoryBytes: Int
    ) {
        self.logitsBytes = logitsBytes
        self.keptLogitsBytes = keptLogitsBytes
        self.packedHeadBytes = packedHeadBytes
        self.weightChunkBytes = weightChunkBytes
        self.memoryBytes = memoryBytes
    }
}

extension LayerCost {
    /// Memory that a layer needs, computed from the shapes alone.
    ///
    /// All blocks share one scratch memory, with activation checkpointing also for what they save; the head has another. In
    /// addition to its layers a stack needs the activation and gradient at the input of its first layer, and scratch memory
    /// of the engine's products.
    ///
    /// - Parameters:
    ///   - layout: the engine's preferred one. `packed` stores a block's weights twice, and the head's if they are not
    ///     too large. Embedding and head are counted separately, although a tied model with a plain head has one matrix
    ///     for both. oneDNN pads rows and columns to multiples of 64 and Kerf's panels to multiples of 64, which is not
    ///     counted.
    ///   - threadCount: attention's kernels need memory for each thread.
    package func memory(
        layer: Int, format: NumberFormat, layout: WeightLayout, threadCount: Int
    ) -> MemoryUse {
        let (hidden, elementBytes) = (model.hiddenSize, format.byteCount)
        let boundary = 4 * batch.tokenCount * hidden
        func weight(_ role: TensorRole) -> Int { matrixFormats.byteCount(of: role, model: model, format: format) }
        if layer == 0 {
            return MemoryUse(
                weights: weight(.embedding), adapters: 0, optimizer: 0, activations: boundary, gradients: boundary,
                scratch: 0)
        }
        if layer == model.blockCount + 1 {
            let plan = HeadPlan(model, batch, format, MemoryLimits(memoryBytes: 0))
            return MemoryUse(
                weights: (plan.isPacked ? layout.copies : 1) * weight(.lmHead) + 4 * hidden, adapters: 0,
                optimizer: 0, activations: headActivationBytes(plan, elementBytes), gradients: 0,
                scratch: headScratchBytes(plan, format))
        }
        let weights = Projection.allCases.reduce(0) { $0 + weight(.projection($1, block: layer - 1)) }
        let adapter = 4 * adapterParameterCount(layer: layer)
        // With checkpointing one memory serves all blocks, and a second gradient.
        let saved = blockActivationBytes(elementBytes)
        let shared = activationCheckpointing ? saved + boundary : 0
        return MemoryUse(
            weights: layout.copies * weights + 4 * model.blockVectorElements, adapters: 2 * adapter,
            optimizer: 2 * adapter, activations: boundary + (activationCheckpointing ? 0 : saved),
            gradients: activationCheckpointing ? 0 : boundary,
            scratch: blockScratchBytes(format, threadCount: threadCount) + shared)
    }

    /// In the products' format: q, attention's output, k, v, gate and up, and q and k before their norms. In f32: the stream
    /// between attention and MLP, log-sum-exp, the factors of two norms, low-rank products; the outputs of attention and
    /// MLP and the factors of their norms.
    private func blockActivationBytes(_ elementBytes: Int) -> Int {
        let projected =
            2 * model.querySize + 2 * model.keyValueSize + 2 * model.intermediateSize
            + (model.variant.queryKeyNorms ? model.querySize + model.keyValueSize : 0)
        let single =
            model.hiddenSize + model.headCount + 2 + lora.targets.count * lora.rank
            + (model.variant.postNorms ? 2 * model.hiddenSize + 2 : 0)
        return batch.tokenCount * (elementBytes * projected + 4 * single)
    }

    /// For each token: a norm's output and, in bf16, a gradient of the stream; three rows of the MLP's width, two of q's,
    /// two of k's; two gradients of the stream, a low-rank gradient, the parts of k's and v's gradients. Once: panels,
    /// attention's scratch memory, the rotary tables.
    private func blockScratchBytes(_ format: NumberFormat, threadCount: Int) -> Int {
        let elementBytes = format.byteCount
        let scratch = AttentionScratch(model, batch, format, threadCount: threadCount)
        let parts = scratch.parts > 1 ? 2 * model.keyValueSize * scratch.parts : 0
        let perToken =
            elementBytes
            * (model.hiddenSize * (format == .f32 ? 1 : 2) + 3 * model.intermediateSize + 2 * model.querySize
                + 2 * model.keyValueSize) + 4 * (2 * model.hiddenSize + lora.maximumGroupRank + parts)
        let panels = 4 * lora.panelCount(model)
        let tables = 4 * batch.sequence * model.rotarySize * (model.windowRope == nil ? 1 : 2)
        return batch.tokenCount * perToken + panels + scratch.byteCount + tables
    }

    /// For each token: the norm's output, its factor and the loss, and the logits' gradient where it is saved.
    private func headActivationBytes(_ plan: HeadPlan, _ elementBytes: Int) -> Int {
        batch.tokenCount
            * (elementBytes * model.hiddenSize + 12
                + (plan.keepsGradient ? elementBytes * model.vocabularySize : 0))
    }

    /// A chunk of the logits' gradient where it is not saved, and of logits where the gradient cannot overwrite them; the
    /// gradient of the norm's output.
    private func headScratchBytes(_ plan: HeadPlan, _ format: NumberFormat) -> Int {
        let gradient = plan.keepsGradient ? 0 : format.byteCount * plan.backwardRows
        let logits = format == .f32 ? 0 : 4 * plan.forwardRows
        return (gradient + logits) * model.vocabularySize + 4 * batch.tokenCount * model.hiddenSize
    }
}
