import CKernels
import ModelFiles
import Workload

/// One decoder block with pre-norm, as in Llama: h = x + attention(norm(x)); y = h + mlp(norm(h)). What other models have in
/// it is that of ``ModelVariant``: biases, norms of queries and keys, norms of what attention and MLP add.
///
/// All activations are `[tokens, width]`. The residual stream, biases and LoRA's contribution are added by the products
/// themselves in their last step, since a separate addition would cost another pass over memory.
struct DecoderBlock {
    let context: LayerContext
    let saved: BlockActivations
    let adapters: BlockAdapters
    /// Tokens that a token attends to; nil for all before.
    let window: Int?

    var model: ModelConfig { context.model }
    var scratch: Scratch { context.scratch }
    var timeline: KernelTimeline { context.timeline }

    func forward(_ weights: BlockWeights, from input: AlignedBuffer, to output: AlignedBuffer) throws {
        /// Destination of a projection's result.
        func result(_ projection: Projection) -> AlignedBuffer {
            switch projection {
            case .q: saved.plainQuery ?? saved.query
            case .k: saved.plainKey ?? saved.key
            case .v: saved.value
            case .o: saved.attentionOutput?.output ?? saved.middle
            case .gate: saved.gate
            case .up: saved.up
            case .down: saved.mlpOutput?.output ?? output
            }
        }
        /// What a projection's result is added to, before LoRA.
        func base(_ projection: Projection) -> AlignedBuffer? {
            switch projection {
            case .q, .k, .v: weights.vectors.bias(projection) == nil ? nil : result(projection)
            case .o: saved.attentionOutput == nil ? input : nil
            case .gate, .up: nil
            case .down: saved.mlpOutput == nil ? saved.middle : nil
            }
        }

        normalize(input, weights.vectors.attentionNorm, saving: saved.attentionReciprocalRMS, as: .attentionNorm)
        repeatBiases(weights, to: result)
        adapt(.qkv, from: scratch.normed, onto: base, to: result)
        try timeline.measure(.qkvProjection) {
            try project(.qkv, weights, from: scratch.normed, onto: base, to: result)
        }
        normalizeHeads(weights)
        timeline.measure(.rope) {
            let rope = context.rope(window: window)
            for (x, heads) in [(saved.query, model.headCount), (saved.key, model.keyValueHeadCount)] {
                rope.rotate(x, tokens: context.tokenCount, heads: heads, team: context.team)
            }
        }
        timeline.measure(.attention) { Attention(context: context, window: window).forward(saved) }
        adapt(.output, from: saved.attended, onto: base, to: result)
        try timeline.measure(.outputProjection) {
            try project(.output, weights, from: saved.attended, onto: base, to: result)
        }
        addNormalized(
            saved.attentionOutput, weights.vectors.postAttentionNorm, onto: input, to: saved.middle,
            as: .postAttentionNorm)

        normalize(saved.middle, weights.vectors.mlpNorm, saving: saved.mlpReciprocalRMS, as: .mlpNorm)
        adapt(.gateUp, from: scratch.normed, onto: base, to: result)
        try timeline.measure(.gateUpProjection) {
            try project(.gateUp, weights, from: scratch.normed, onto: base, to: result)
        }
        timeline.measure(gateKernel) {
            let activate = gateKernel == .swiglu ? kerf_swiglu_forward : kerf_geglu_forward
            activate(
                context.threads, saved.gate.count, context.format.kernel, saved.gate.raw, saved.up.raw,
                scratch.mlp.raw)
        }
        adapt(.down, from: scratch.mlp, onto: base, to: result)
        try timeline.measure(.downProjection) {
            try project(.down, weights, from: scratch.mlp, onto: base, to: result)
        }
        addNormalized(
            saved.mlpOutput, weights.vectors.postMLPNorm, onto: saved.middle, to: output, as: .postMLPNorm)
    }

    private var gateKernel: Kernel { model.variant.activation == .silu ? .swiglu : .geglu }

    /// scratch.normed = norm(x) * weight.
    func normalize(_ x: AlignedBuffer, _ weight: AlignedBuffer, saving reciprocal: AlignedBuffer, as kernel: Kernel) {
        timeline.measure(kernel) {
            kerf_rms_norm_forward(
                context.threads, context.tokenCount, model.hiddenSize, x.start, weight.start,
                Float(model.rmsNormEpsilon), context.format.kernel, scratch.normed.raw, reciprocal.start)
        }
    }

    /// Writes the biases of q, k and v, to which LoRA and the products add.
    private func repeatBiases(_ weights: BlockWeights, to output: (Projection) -> AlignedBuffer) {
        guard model.variant.attentionBiases else { return }
        timeline.measure(.qkvProjection) {
            for projection in Projection.biased {
                guard let bias = weights.vectors.bias(projection) else { continue }
                let y = output(projection)
                kerf_repeat_row(context.threads, context.tokenCount, bias.count, bias.start, y.format.kernel, y.raw)
            }
        }
    }

    /// saved.query and saved.key = norms of each head's queries and keys, in models that have them.
    private func normalizeHeads(_ weights: BlockWeights) {
        guard let query = saved.plainQuery, let key = saved.plainKey, let queryNorm = weights.vectors.queryNorm,
            let keyNorm = weights.vectors.keyNorm
        else { return }
        timeline.measure(.queryKeyNorm) {
            for (x, norm, y) in [(query, queryNorm, saved.query), (key, keyNorm, saved.key)] {
                kerf_head_norm_forward(
                    context.threads, x.count / model.headSize, model.headSize, x.raw, norm.start,
                    Float(model.rmsNormEpsilon), x.format.kernel, y.raw)
            }
        }
    }

    /// y = base + norm(x) * weight, in models that have a norm there.
    private func addNormalized(
        _ x: PostNormActivations?, _ weight: AlignedBuffer?, onto base: AlignedBuffer, to y: AlignedBuffer,
        as kernel: Kernel
    ) {
        guard let x, let weight else { return }
        timeline.measure(kernel) {
            kerf_rms_norm_add(
                context.threads, context.tokenCount, model.hiddenSize, x.output.start, weight.start,
                Float(model.rmsNormEpsilon), base.start, y.start, x.reciprocalRMS.start)
        }
    }

    /// y = base + x Wᵀ. For LoRA targets the base is y, which ``adapt(_:from:onto:to:)`` has written already.
    private func project(
        _ group: ProjectionGroup, _ weights: BlockWeights, from input: AlignedBuffer,
        onto base: (Projection) -> AlignedBuffer?, to output: (Projection) -> AlignedBuffer
    ) throws {
        for projection in group.projections {
            let y = output(projection)
            let addend = adapters[projection] != nil ? y : base(projection)
            try weights[projection].multiply(
                rows: context.tokenCount, input.raw, addedTo: addend?.raw, into: y.raw, scratch: scratch.product)
        }
    }

    /// y = base + t Bᵀ with t = (alpha / rank) x Aᵀ for those projections that are LoRA targets; t is saved.
    private func adapt(
        _ group: ProjectionGroup, from input: AlignedBuffer, onto base: (Projection) -> AlignedBuffer?,
        to output: (Projection) -> AlignedBuffer
    ) {
        guard let adapters = adapters[group: group], let lowRank = saved.lowRank(group) else { return }
        timeline.measure(.lora) {
            let products = LowRankProducts(group: adapters, context: context)
            products.project(input, to: lowRank)
            products.expand(lowRank, base: base, to: output)
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
        let added = addedGradient(saved.mlpOutput, weights.vectors.postMLPNorm, outputGradient, as: .postMLPNorm)
        let gradient = multipliable(added)
        // LoRA's gradient by A needs the input of down, which SwiGLU recomputes below.
        adaptBackward(.down, from: { _ in added }, input: nil, to: scratch.gateGradient)
        try timeline.measure(.downProjection) {
            try projectBackward(.down, weights, from: { _ in gradient }, to: scratch.gateGradient)
        }
        timeline.measure(gateKernel) {
            let differentiate = gateKernel == .swiglu ? kerf_swiglu_backward : kerf_geglu_backward
            differentiate(
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
            normalize(saved.middle, weights.vectors.mlpNorm, saving: saved.mlpReciprocalRMS, as: .mlpNorm)
        }
        func resultGradient(_ projection: Projection) -> AlignedBuffer {
            projection == .gate ? scratch.gateGradient : scratch.upGradient
        }
        adaptBackward(.gateUp, from: resultGradient, input: scratch.normed, to: scratch.normedGradient)
        try timeline.measure(.gateUpProjection) {
            try projectBackward(.gateUp, weights, from: resultGradient, to: scratch.normedGradient)
        }
        normalizeBackward(
            saved.middle, weights.vectors.mlpNorm, saved.mlpReciprocalRMS, residual: outputGradient, to: scratch.stream,
            as: .mlpNorm)
    }

    /// From scratch.stream to the gradient of the block's input.
    private func backwardAttention(
        _ weights: BlockWeights, input: AlignedBuffer, inputGradient: AlignedBuffer
    ) throws {
        let added = addedGradient(
            saved.attentionOutput, weights.vectors.postAttentionNorm, scratch.stream, as: .postAttentionNorm)
        let gradient = multipliable(added)
        adaptBackward(.output, from: { _ in added }, input: saved.attended, to: scratch.attendedGradient)
        try timeline.measure(.outputProjection) {
            try projectBackward(.output, weights, from: { _ in gradient }, to: scratch.attendedGradient)
        }
        timeline.measure(.attention) { Attention(context: context, window: window).backward(saved) }
        normalizeHeadsBackward(weights)
        if adapters[group: .qkv] != nil {
            normalize(input, weights.vectors.attentionNorm, saving: saved.attentionReciprocalRMS, as: .attentionNorm)
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
            input, weights.vectors.attentionNorm, saved.attentionReciprocalRMS, residual: scratch.stream,
            to: inputGradient,
            as: .attentionNorm)
    }

    /// The gradient of what attention or MLP adds to the stream, from that of the stream: the same, or before the norm
    /// that some models have there. It is then in scratch.normedGradient, which no one needs until the projection that
    /// made it has been differentiated.
    private func addedGradient(
        _ x: PostNormActivations?, _ weight: AlignedBuffer?, _ gradient: AlignedBuffer, as kernel: Kernel
    ) -> AlignedBuffer {
        guard let x, let weight else { return gradient }
        timeline.measure(kernel) {
            kerf_rms_norm_backward(
                context.threads, context.tokenCount, model.hiddenSize, x.output.start, weight.start,
                x.reciprocalRMS.start, gradient.start, nil, scratch.normedGradient.start)
        }
        return scratch.normedGradient
    }

    /// The gradients of q and k, in place, from before their rotation to before their norms.
    private func normalizeHeadsBackward(_ weights: BlockWeights) {
        guard let query = saved.plainQuery, let key = saved.plainKey, let queryNorm = weights.vectors.queryNorm,
            let keyNorm = weights.vectors.keyNorm
        else { return }
        timeline.measure(.queryKeyNorm) {
            for (x, norm, gradient) in [
                (query, queryNorm, scratch.queryGradient), (key, keyNorm, scratch.keyGradient),
            ] {
                kerf_head_norm_backward(
                    context.threads, x.count / model.headSize, model.headSize, x.raw, norm.start,
                    Float(model.rmsNormEpsilon), gradient.raw, x.format.kernel, gradient.raw)
            }
        }
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
