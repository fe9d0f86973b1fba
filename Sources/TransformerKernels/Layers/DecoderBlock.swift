import CKernels
import ModelFiles
import Workload

/// One decoder block with pre-norm, as in Llama: h = x + attention(norm(x)); y = h + mlp(norm(h)).
///
/// All activations are `[tokens, width]`. The residual stream and LoRA's contribution are added by the products
/// themselves in their last step, since a separate addition would cost another pass over memory.
struct DecoderBlock {
    let context: LayerContext
    let saved: BlockActivations
    let adapters: BlockAdapters

    var model: ModelConfig { context.model }
    var scratch: Scratch { context.scratch }
    var timeline: KernelTimeline { context.timeline }

    func forward(_ weights: BlockWeights, from input: AlignedBuffer, to output: AlignedBuffer) throws {
        /// Destination of a projection's result.
        func result(_ projection: Projection) -> AlignedBuffer {
            switch projection {
            case .q: saved.query
            case .k: saved.key
            case .v: saved.value
            case .o: saved.middle
            case .gate: saved.gate
            case .up: saved.up
            case .down: output
            }
        }

        normalize(input, weights.attentionNorm, saving: saved.attentionReciprocalRMS, as: .attentionNorm)
        adapt(.qkv, from: scratch.normed, to: result)
        try timeline.measure(.qkvProjection) {
            try project(.qkv, weights, from: scratch.normed, to: result)
        }
        timeline.measure(.rope) {
            for (x, heads) in [(saved.query, model.headCount), (saved.key, model.keyValueHeadCount)] {
                context.rope.rotate(x, tokens: context.tokenCount, heads: heads, team: context.team)
            }
        }
        timeline.measure(.attention) { Attention(context: context).forward(saved) }
        adapt(.output, from: saved.attended, onto: input, to: result)
        try timeline.measure(.outputProjection) {
            try project(.output, weights, from: saved.attended, onto: input, to: result)
        }

        normalize(saved.middle, weights.mlpNorm, saving: saved.mlpReciprocalRMS, as: .mlpNorm)
        adapt(.gateUp, from: scratch.normed, to: result)
        try timeline.measure(.gateUpProjection) {
            try project(.gateUp, weights, from: scratch.normed, to: result)
        }
        timeline.measure(.swiglu) {
            kerf_swiglu_forward(
                context.threads, saved.gate.count, context.format.kernel, saved.gate.raw, saved.up.raw,
                scratch.mlp.raw)
        }
        adapt(.down, from: scratch.mlp, onto: saved.middle, to: result)
        try timeline.measure(.downProjection) {
            try project(.down, weights, from: scratch.mlp, onto: saved.middle, to: result)
        }
    }

    /// scratch.normed = norm(x) * weight.
    func normalize(_ x: AlignedBuffer, _ weight: AlignedBuffer, saving reciprocal: AlignedBuffer, as kernel: Kernel) {
        timeline.measure(kernel) {
            kerf_rms_norm_forward(
                context.threads, context.tokenCount, model.hiddenSize, x.start, weight.start,
                Float(model.rmsNormEpsilon), context.format.kernel, scratch.normed.raw, reciprocal.start)
        }
    }

    /// y = base + x Wᵀ. The base is y for LoRA targets, which ``adapt(_:from:onto:to:)`` has written already, else the
    /// stream.
    private func project(
        _ group: ProjectionGroup, _ weights: BlockWeights, from input: AlignedBuffer,
        onto stream: AlignedBuffer? = nil, to output: (Projection) -> AlignedBuffer
    ) throws {
        for projection in group.projections {
            let y = output(projection)
            let base = adapters[projection] != nil ? y : stream
            try weights[projection].multiply(
                rows: context.tokenCount, input.raw, addedTo: base?.raw, into: y.raw, scratch: scratch.product)
        }
    }

    /// y = stream + t Bᵀ with t = (alpha / rank) x Aᵀ for those projections that are LoRA targets; t is saved.
    private func adapt(
        _ group: ProjectionGroup, from input: AlignedBuffer, onto stream: AlignedBuffer? = nil,
        to output: (Projection) -> AlignedBuffer
    ) {
        guard let adapters = adapters[group: group], let lowRank = saved.lowRank(group) else { return }
        timeline.measure(.lora) {
            let products = LowRankProducts(group: adapters, context: context)
            products.project(input, to: lowRank)
            products.expand(lowRank, base: stream, to: output)
        }
    }
}

extension DecoderBlock {
    /// Computes the gradient of the block's input from that of its output, and overwrites the gradients of its LoRA pairs.
    ///
    /// The frozen weights get no gradient, so this costs about as much as the forward pass, not twice as much. Activations
    /// that ``BlockActivations`` does not save are recomputed. The residual stream's gradient is added by the norm's
    /// backward kernel.
    func backward(
        _ weights: BlockWeights, input: AlignedBuffer, outputGradient: AlignedBuffer, inputGradient: AlignedBuffer
    ) throws {
        try backwardMLP(weights, outputGradient: outputGradient)
        try backwardAttention(weights, input: input, inputGradient: inputGradient)
    }

    /// From the block's output to the stream between attention and MLP, whose gradient is scratch.stream.
    private func backwardMLP(_ weights: BlockWeights, outputGradient: AlignedBuffer) throws {
        let gradient = multipliable(outputGradient)
        // LoRA's gradient by A needs the input of down, which SwiGLU recomputes below.
        adaptBackward(.down, from: { _ in outputGradient }, input: nil, to: scratch.gateGradient)
        try timeline.measure(.downProjection) {
            try projectBackward(.down, weights, from: { _ in gradient }, to: scratch.gateGradient)
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
            normalize(saved.middle, weights.mlpNorm, saving: saved.mlpReciprocalRMS, as: .mlpNorm)
        }
        func resultGradient(_ projection: Projection) -> AlignedBuffer {
            projection == .gate ? scratch.gateGradient : scratch.upGradient
        }
        adaptBackward(.gateUp, from: resultGradient, input: scratch.normed, to: scratch.normedGradient)
        try timeline.measure(.gateUpProjection) {
            try projectBackward(.gateUp, weights, from: resultGradient, to: scratch.normedGradient)
        }
        normalizeBackward(
            saved.middle, weights.mlpNorm, saved.mlpReciprocalRMS, residual: outputGradient, to: scratch.stream,
            as: .mlpNorm)
    }

    /// From scratch.stream to the gradient of the block's input.
    private func backwardAttention(
        _ weights: BlockWeights, input: AlignedBuffer, inputGradient: AlignedBuffer
    ) throws {
        let gradient = multipliable(scratch.stream)
        adaptBackward(.output, from: { _ in scratch.stream }, input: saved.attended, to: scratch.attendedGradient)
        try timeline.measure(.outputProjection) {
            try projectBackward(.output, weights, from: { _ in gradient }, to: scratch.attendedGradient)
        }
        timeline.measure(.attention) { Attention(context: context).backward(saved) }
        if adapters[group: .qkv] != nil {
            normalize(input, weights.attentionNorm, saving: saved.attentionReciprocalRMS, as: .attentionNorm)
        }
        func resultGradient(_ projection: Projection) -> AlignedBuffer {
            switch projection {
            case .q: scratch.queryGradient
            case .k: scratch.keyGradient
            default: scratch.valueGradient
            }
        }
        adaptBackward(.qkv, from: resultGradient, input: scratch.normed, to: scratch.normedGradient)
        try timeline.measure(.qkvProjection) {
            try projectBackward(.qkv, weights, from: resultGradient, to: scratch.normedGradient)
        }
        normalizeBackward(
            input, weights.attentionNorm, saved.attentionReciprocalRMS, residual: scratch.stream, to: inputGradient,
            as: .attentionNorm)
    }

    /// A gradient of the stream in the products' format.
    private func multipliable(_ gradient: AlignedBuffer) -> AlignedBuffer {
        guard context.format != .f32 else { return gradient }
        timeline.measure(.gradientConversion) {
            kerf_copy(
                context.threads, gradient.count, gradient.start, context.format.kernel, scratch.streamGradient.raw)
        }
        return scratch.streamGradient
    }

    private func normalizeBackward(
        _ x: AlignedBuffer, _ weight: AlignedBuffer, _ reciprocal: AlignedBuffer, residual: AlignedBuffer,
        to gradient: AlignedBuffer, as kernel: Kernel
    ) {
        timeline.measure(kernel) {
            kerf_rms_norm_backward(
                context.threads, context.tokenCount, model.hiddenSize, x.start, weight.start, reciprocal.start,
                scratch.normedGradient.start, residual.start, gradient.start)
        }
    }

    /// dX = sum of dY W over the projections of a group.
    private func projectBackward(
        _ group: ProjectionGroup, _ weights: BlockWeights, from outputGradient: (Projection) -> AlignedBuffer,
        to inputGradient: AlignedBuffer
    ) throws {
        for (index, projection) in group.projections.enumerated() {
            try weights[projection].multiplyBackward(
                rows: context.tokenCount, outputGradient(projection).raw,
                addedTo: index > 0 || adapters[group: group] != nil ? inputGradient.raw : nil, into: inputGradient.raw,
                scratch: scratch.product)
        }
    }

    /// With s = alpha / rank, t = s x Aᵀ and dT = s dY B: dB = dYᵀ t; dA = dTᵀ x, if the input is given; dX = dT A, summed
    /// over the targets of a group. scratch.lowRankGradient is dT.
    private func adaptBackward(
        _ group: ProjectionGroup, from outputGradient: (Projection) -> AlignedBuffer, input: AlignedBuffer?,
        to inputGradient: AlignedBuffer
    ) {
        guard let adapters = adapters[group: group], let lowRank = saved.lowRank(group) else { return }
        timeline.measure(.lora) {
            let products = LowRankProducts(group: adapters, context: context)
            products.projectBackward(outputGradient, lowRank, to: scratch.lowRankGradient)
            if let input { products.differentiateA(scratch.lowRankGradient, input) }
            products.expandBackward(scratch.lowRankGradient, to: inputGradient)
        }
    }
}
