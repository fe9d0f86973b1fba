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
        try timeline.measure(.downProjection) {
            try projectBack(.down, weights, from: outputGradient, to: scratch.gateGradient)
        }
        if adapters[.down] != nil { gateMLP() }
        try adaptBack([(.down, outputGradient)], input: scratch.mlp, inputGradient: scratch.gateGradient)
        timeline.measure(.swiglu) {
            kerf_swiglu_backward(
                context.threads, saved.gate.count, saved.gate.start, saved.up.start, scratch.gateGradient.start,
                scratch.gateGradient.start, scratch.upGradient.start)
        }
        try timeline.measure(.gateUpProjection) {
            try projectBack(.gate, weights, from: scratch.gateGradient, to: scratch.normedGradient)
            try projectBack(.up, weights, from: scratch.upGradient, to: scratch.normedGradient, adding: true)
        }
        if adapters[.gate] != nil || adapters[.up] != nil {
            normalise(saved.middle, weights.mlpNorm, keeping: saved.mlpReciprocalRMS, as: .mlpNorm)
        }
        try adaptBack(
            [(.gate, scratch.gateGradient), (.up, scratch.upGradient)], input: scratch.normed,
            inputGradient: scratch.normedGradient)
        normaliseBack(
            saved.middle, weights.mlpNorm, saved.mlpReciprocalRMS, residual: outputGradient, to: scratch.stream,
            as: .mlpNorm)
    }

    /// From scratch.stream to the gradient of the block's input.
    private func backwardAttention(
        _ weights: BlockWeights, input: AlignedBuffer, inputGradient: AlignedBuffer
    ) throws {
        try timeline.measure(.outputProjection) {
            try projectBack(.o, weights, from: scratch.stream, to: scratch.attendedGradient)
        }
        try adaptBack([(.o, scratch.stream)], input: saved.attended, inputGradient: scratch.attendedGradient)
        try timeline.measure(.attention) { try Attention(context: context).backward(saved) }
        rotate(scratch.queryGradient, scratch.keyGradient, inverse: true)
        try timeline.measure(.qkvProjection) {
            try projectBack(.q, weights, from: scratch.queryGradient, to: scratch.normedGradient)
            try projectBack(.k, weights, from: scratch.keyGradient, to: scratch.normedGradient, adding: true)
            try projectBack(.v, weights, from: scratch.valueGradient, to: scratch.normedGradient, adding: true)
        }
        if adapters[.q] != nil || adapters[.k] != nil || adapters[.v] != nil {
            normalise(input, weights.attentionNorm, keeping: saved.attentionReciprocalRMS, as: .attentionNorm)
        }
        try adaptBack(
            [(.q, scratch.queryGradient), (.k, scratch.keyGradient), (.v, scratch.valueGradient)],
            input: scratch.normed, inputGradient: scratch.normedGradient)
        normaliseBack(
            input, weights.attentionNorm, saved.attentionReciprocalRMS, residual: scratch.stream, to: inputGradient,
            as: .attentionNorm)
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
        to inputGradient: AlignedBuffer, adding: Bool = false
    ) throws {
        let shape = model.shape(of: projection)
        try context.multiplyBack(
            rows: context.tokenCount, outputGradient.start, weight: weights[projection].start,
            inputSize: shape.columns, outputSize: shape.rows, into: inputGradient.start, adding: adding)
    }

    /// With s = alpha / rank, t = x Aᵀ and dT = s dY B: dB = s dYᵀ t; dA = dTᵀ x; dX += dT A.
    private func adaptBack(
        _ outputGradients: [(Projection, AlignedBuffer)], input: AlignedBuffer, inputGradient: AlignedBuffer
    ) throws {
        guard outputGradients.contains(where: { adapters[$0.0] != nil }) else { return }
        let scale = Float(context.lora.scale)
        let lowRankGradient = scratch.lowRankGradient.start
        try timeline.measure(.lora) {
            for (projection, outputGradient) in outputGradients {
                guard let adapter = adapters[projection], let lowRank = saved.lowRank(projection) else { continue }
                try context.multiplyBack(
                    rows: context.tokenCount, outputGradient.start, weight: adapter.b.start, inputSize: adapter.rank,
                    outputSize: adapter.outputSize, into: lowRankGradient, scale: scale)
                try context.multiplyForWeight(
                    outputGradient.start, lowRank.start, inputSize: adapter.rank, outputSize: adapter.outputSize,
                    into: adapter.gradientB.start, scale: scale)
                try context.multiplyForWeight(
                    lowRankGradient, input.start, inputSize: adapter.inputSize, outputSize: adapter.rank,
                    into: adapter.gradientA.start)
                try context.multiplyBack(
                    rows: context.tokenCount, lowRankGradient, weight: adapter.a.start, inputSize: adapter.inputSize,
                    outputSize: adapter.rank, into: inputGradient.start, adding: true)
            }
        }
    }
}
