import ModelFiles

extension LayerCost {
    /// Bytes that a layer needs, from the shapes alone.
    ///
    /// Blocks share one scratch memory; the head has its own besides. A stack needs, on top of its layers, the
    /// activation and gradient that enter its first one, and what the engine's products use for a while.
    ///
    /// - Parameters:
    ///   - layout: that the engine likes best; `packed` holds a block's weights twice, and a head's that is not too
    ///     large. Embedding and head are counted apart; a tied model with a plain head has one matrix for both. oneDNN fills rows and columns up to multiples of
    ///     64, which is not counted.
    ///   - threadCount: attention's kernels need memory for each thread.
    package func memory(
        layer: Int, format: NumberFormat, layout: WeightLayout, threadCount: Int
    ) -> MemoryUse {
        let (hidden, wide) = (model.hiddenSize, format.byteCount)
        let boundary = 4 * batch.tokenCount * hidden
        let vocabulary = wide * model.vocabularySize * hidden
        if layer == 0 {
            return MemoryUse(
                weights: vocabulary, adapters: 0, optimizer: 0, activations: boundary, gradients: boundary, scratch: 0)
        }
        if layer == model.blockCount + 1 {
            let plan = HeadPlan(model, batch, format, MemoryLimits(memoryBytes: 0))
            return MemoryUse(
                weights: (layout == .packed && plan.isPacked ? 2 : 1) * vocabulary + 4 * hidden, adapters: 0,
                optimizer: 0, activations: headActivationBytes(plan, wide), gradients: 0,
                scratch: headScratchBytes(plan, format))
        }
        let elements = parameterCount(layer: layer) - 2 * hidden
        let adapter = 4 * adapterParameterCount(layer: layer)
        return MemoryUse(
            weights: (layout == .packed ? 2 : 1) * wide * elements + 8 * hidden, adapters: 2 * adapter,
            optimizer: 2 * adapter, activations: boundary + blockActivationBytes(wide), gradients: boundary,
            scratch: blockScratchBytes(format, threadCount: threadCount))
    }

    /// q, attended, k, v, gate and up; the middle of the stream, log-sum-exp, two norms' factors, low-rank products.
    private func blockActivationBytes(_ wide: Int) -> Int {
        let projected = 2 * model.querySize + 2 * model.keyValueSize + 2 * model.intermediateSize
        let exact = model.hiddenSize + model.headCount + 2 + lora.targets.count * lora.rank
        return batch.tokenCount * (wide * projected + 4 * exact)
    }

    /// A norm's output and, in bf16, a gradient of the stream; three of the MLP's width, two of q's, two of k's; two
    /// gradients of the stream, a low-rank gradient, the parts of k's and v's gradients; panels; attention; rotary table.
    private func blockScratchBytes(_ format: NumberFormat, threadCount: Int) -> Int {
        let wide = format.byteCount
        let scratch = AttentionScratch(model, batch, format, threadCount: threadCount)
        let parts = scratch.parts > 1 ? 2 * model.keyValueSize * scratch.parts : 0
        let perToken =
            wide
            * (model.hiddenSize * (format == .f32 ? 1 : 2) + 3 * model.intermediateSize + 2 * model.querySize
                + 2 * model.keyValueSize) + 4 * (2 * model.hiddenSize + lora.widestRank + parts)
        let panels = 4 * lora.panelCount(model)
        return batch.tokenCount * perToken + panels + scratch.byteCount + 4 * batch.sequence * model.headSize
    }

    /// The norm's output, its factor and the loss of each token, and the logits' gradient where it is kept.
    private func headActivationBytes(_ plan: HeadPlan, _ wide: Int) -> Int {
        batch.tokenCount * (wide * model.hiddenSize + 12 + (plan.keepsGradient ? wide * model.vocabularySize : 0))
    }

    /// A chunk of the logits' gradient where it is not kept, and of logits where it cannot take their place; the
    /// gradient of the norm's output.
    private func headScratchBytes(_ plan: HeadPlan, _ format: NumberFormat) -> Int {
        let gradient = plan.keepsGradient ? 0 : format.byteCount * plan.backwardRows
        let logits = format == .f32 ? 0 : 4 * plan.forwardRows
        return (gradient + logits) * model.vocabularySize + 4 * batch.tokenCount * model.hiddenSize
    }
}
