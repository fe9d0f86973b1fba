internal import CKernels
internal import ModelFiles

extension DecoderBlock {
    /// The gradient of the block's input from that of its output, and the gradients of the block's LoRA pairs, which
    /// are overwritten. The frozen weights get none, which is why this costs about as much as the forward pass, not
    /// twice as much. What ``BlockActivations`` leaves out is computed again on the way.
    ///
    /// The gradient that goes round attention or MLP on the residual stream is added in the norm's backward kernel.
    func backward(
        _ weights: BlockWeights, input: AlignedBuffer, outputGradient: AlignedBuffer, inputGradient: AlignedBuffer
    ) throws {
        try backwardMLP(weights, outputGradient: outputGradient)
        try backwardAttention(weights, input: input, inputGradient: inputGradient)
    }

    /// From the block's output to the stream between attention and MLP: scratch.stream is its gradient.
    private func backwardMLP(_ weights: BlockWeights, outputGradient: AlignedBuffer) throws {
        let gradient = multipliable(outputGradient)
        adaptBack([(.down, outputGradient)], to: scratch.gateGradient)
        try timeline.measure(.downProjection) {
            try projectBack(.down, weights, from: gradient, to: scratch.gateGradient)
        }
        timeline.measure(.swiglu) {
            kerf_swiglu_backward(
                context.threads, saved.gate.count, context.format.kernel, saved.gate.raw, saved.up.raw,
                scratch.gateGradient.raw, scratch.gateGradient.raw, scratch.upGradient.raw,
                adapters[.down] == nil ? nil : scratch.mlp.raw)
        }
        // Its input was only there after SwiGLU; its low-rank gradient is there still.
        if let adapter = adapters[.down] {
            timeline.measure(.lora) {
                LowRankPair(adapter: adapter, context: context)
                    .differentiateA(scratch.lowRankGradient, scratch.mlp)
            }
        }
        if adapters[.gate] != nil || adapters[.up] != nil {
            normalise(saved.middle, weights.mlpNorm, keeping: saved.mlpReciprocalRMS, as: .mlpNorm)
        }
        let gradients = [(Projection.gate, scratch.gateGradient), (.up, scratch.upGradient)]
        adaptBack(gradients, input: scratch.normed, to: scratch.normedGradient)
        try timeline.measure(.gateUpProjection) {
            try projectBack(gradients, weights, to: scratch.normedGradient)
        }
        normaliseBack(
            saved.middle, weights.mlpNorm, saved.mlpReciprocalRMS, residual: outputGradient, to: scratch.stream,
            as: .mlpNorm)
    }

    /// From scratch.stream to the gradient of the block's input.
    private func backwardAttention(
        _ weights: BlockWeights, input: AlignedBuffer, inputGradient: AlignedBuffer
    ) throws {
        let gradient = multipliable(scratch.stream)
        adaptBack([(.o, scratch.stream)], input: saved.attended, to: scratch.attendedGradient)
        try timeline.measure(.outputProjection) {
            try projectBack(.o, weights, from: gradient, to: scratch.attendedGradient)
        }
        timeline.measure(.attention) { Attention(context: context).backward(saved) }
        rotate(scratch.queryGradient, scratch.keyGradient, inverse: true)
        if adapters[.q] != nil || adapters[.k] != nil || adapters[.v] != nil {
            normalise(input, weights.attentionNorm, keeping: saved.attentionReciprocalRMS, as: .attentionNorm)
        }
        let gradients = [
            (Projection.q, scratch.queryGradient), (.k, scratch.keyGradient), (.v, scratch.valueGradient),
        ]
        adaptBack(gradients, input: scratch.normed, to: scratch.normedGradient)
        try timeline.measure(.qkvProjection) {
            try projectBack(gradients, weights, to: scratch.normedGradient)
        }
        normaliseBack(
            input, weights.attentionNorm, saved.attentionReciprocalRMS, residual: scratch.stream, to: inputGradient,
            as: .attentionNorm)
    }

    /// A gradient of the stream as the products take it.
    private func multipliable(_ gradient: AlignedBuffer) -> AlignedBuffer {
        guard context.format != .f32 else { return gradient }
        timeline.measure(.residual) {
            kerf_copy(
                context.threads, gradient.count, gradient.start, context.format.kernel, scratch.streamGradient.raw)
        }
        return scratch.streamGradient
    }

    private func normaliseBack(
        _ x: AlignedBuffer, _ weight: AlignedBuffer, _ reciprocal: AlignedBuffer, residual: AlignedBuffer,
        to gradient: AlignedBuffer, as kernel: Kernel
    ) {
        timeline.measure(kernel) {
            kerf_rms_norm_backward(
                context.threads, context.tokenCount, model.hiddenSize, x.start, weight.start, reciprocal.start,
                scratch.normedGradient.start, residual.start, gradient.start)
        }
    }

    private func projectBack(
        _ projection: Projection, _ weights: BlockWeights, from outputGradient: AlignedBuffer,
        to inputGradient: AlignedBuffer, adding: Bool? = nil
    ) throws {
        try weights[projection].multiplyBack(
            rows: context.tokenCount, outputGradient.raw, into: inputGradient.raw,
            adding: adding ?? (adapters[projection] != nil), scratch: scratch.product)
    }

    /// The sum over projections that share an input; LoRA's share is there already, if there is one.
    private func projectBack(
        _ outputGradients: [(Projection, AlignedBuffer)], _ weights: BlockWeights, to inputGradient: AlignedBuffer
    ) throws {
        var adding = outputGradients.contains { adapters[$0.0] != nil }
        for (projection, gradient) in outputGradients {
            try projectBack(projection, weights, from: gradient, to: inputGradient, adding: adding)
            adding = true
        }
    }

    /// With s = alpha / rank, t = s x Aᵀ and dT = s dY B: dB = dYᵀ t; dA = dTᵀ x, where x is there; dX = dT A, summed
    /// over the projections. scratch.lowRankGradient is the last one's dT.
    private func adaptBack(
        _ outputGradients: [(Projection, AlignedBuffer)], input: AlignedBuffer? = nil, to inputGradient: AlignedBuffer
    ) {
        guard outputGradients.contains(where: { adapters[$0.0] != nil }) else { return }
        timeline.measure(.lora) {
            var adding = false
            for (projection, outputGradient) in outputGradients {
                guard let adapter = adapters[projection], let lowRank = saved.lowRank(projection) else { continue }
                let pair = LowRankPair(adapter: adapter, context: context)
                pair.projectBack(outputGradient, to: scratch.lowRankGradient, scale: Float(context.lora.scale))
                pair.differentiateB(outputGradient, lowRank)
                if let input { pair.differentiateA(scratch.lowRankGradient, input) }
                pair.expandBack(scratch.lowRankGradient, to: inputGradient, adding: adding)
                adding = true
            }
        }
    }
}
