import CKernels
import ModelFiles
import Workload

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
        // LoRA's gradient by A waits for its input, which is there after SwiGLU.
        adaptBack(.down, from: { _ in outputGradient }, input: nil, to: scratch.gateGradient)
        try timeline.measure(.downProjection) {
            try projectBack(.down, weights, from: { _ in gradient }, to: scratch.gateGradient)
        }
        timeline.measure(.swiglu) {
            kerf_swiglu_backward(
                context.threads, saved.gate.count, context.format.kernel, saved.gate.raw, saved.up.raw,
                scratch.gateGradient.raw, scratch.gateGradient.raw, scratch.upGradient.raw,
                adapters[group: .down] == nil ? nil : scratch.mlp.raw)
        }
        if let group = adapters[group: .down] {
            timeline.measure(.lora) {
                LowRankProducts(group: group, context: context).differentiateA(scratch.lowRankGradient, scratch.mlp)
            }
        }
        if adapters[group: .gateUp] != nil {
            normalise(saved.middle, weights.mlpNorm, keeping: saved.mlpReciprocalRMS, as: .mlpNorm)
        }
        func resultGradient(_ projection: Projection) -> AlignedBuffer {
            projection == .gate ? scratch.gateGradient : scratch.upGradient
        }
        adaptBack(.gateUp, from: resultGradient, input: scratch.normed, to: scratch.normedGradient)
        try timeline.measure(.gateUpProjection) {
            try projectBack(.gateUp, weights, from: resultGradient, to: scratch.normedGradient)
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
        adaptBack(.output, from: { _ in scratch.stream }, input: saved.attended, to: scratch.attendedGradient)
        try timeline.measure(.outputProjection) {
            try projectBack(.output, weights, from: { _ in gradient }, to: scratch.attendedGradient)
        }
        timeline.measure(.attention) { Attention(context: context).backward(saved) }
        if adapters[group: .qkv] != nil {
            normalise(input, weights.attentionNorm, keeping: saved.attentionReciprocalRMS, as: .attentionNorm)
        }
        func resultGradient(_ projection: Projection) -> AlignedBuffer {
            switch projection {
            case .q: scratch.queryGradient
            case .k: scratch.keyGradient
            default: scratch.valueGradient
            }
        }
        adaptBack(.qkv, from: resultGradient, input: scratch.normed, to: scratch.normedGradient)
        try timeline.measure(.qkvProjection) {
            try projectBack(.qkv, weights, from: resultGradient, to: scratch.normedGradient)
        }
        normaliseBack(
            input, weights.attentionNorm, saved.attentionReciprocalRMS, residual: scratch.stream, to: inputGradient,
            as: .attentionNorm)
    }

    /// A gradient of the stream as the products take it.
    private func multipliable(_ gradient: AlignedBuffer) -> AlignedBuffer {
        guard context.format != .f32 else { return gradient }
        timeline.measure(.gradientConversion) {
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

    /// The sum over the projections of a group.
    private func projectBack(
        _ group: ProjectionGroup, _ weights: BlockWeights, from outputGradient: (Projection) -> AlignedBuffer,
        to inputGradient: AlignedBuffer
    ) throws {
        for (index, projection) in group.projections.enumerated() {
            try weights[projection].multiplyBack(
                rows: context.tokenCount, outputGradient(projection).raw,
                addedTo: index > 0 || adapters[group: group] != nil ? inputGradient.raw : nil, into: inputGradient.raw,
                scratch: scratch.product)
        }
    }

    /// With s = alpha / rank, t = s x Aᵀ and dT = s dY B: dB = dYᵀ t; dA = dTᵀ x, where x is there; dX = dT A, summed
    /// over the targets of a group. scratch.lowRankGradient is dT.
    private func adaptBack(
        _ group: ProjectionGroup, from outputGradient: (Projection) -> AlignedBuffer, input: AlignedBuffer?,
        to inputGradient: AlignedBuffer
    ) {
        guard let adapters = adapters[group: group], let lowRank = saved.lowRank(group) else { return }
        timeline.measure(.lora) {
            let products = LowRankProducts(group: adapters, context: context)
            products.projectBack(outputGradient, lowRank, to: scratch.lowRankGradient)
            if let input { products.differentiateA(scratch.lowRankGradient, input) }
            products.expandBack(scratch.lowRankGradient, to: inputGradient)
        }
    }
}
