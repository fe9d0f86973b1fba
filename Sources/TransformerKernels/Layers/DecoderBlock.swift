internal import CKernels
internal import ModelFiles

/// One decoder block: x + attention(norm(x)), then that plus mlp(norm(that)). Pre-norm, as Llama has it.
///
/// All activations are `[tokens, width]`. ``forward(_:from:to:)`` is here, the backward pass in its own file. What is
/// added to a product's result is written there first: the residual stream, or LoRA's share; the product then adds to
/// it, in its last step, what would cost another pass over memory.
struct DecoderBlock {
    let context: LayerContext
    let saved: BlockActivations
    let adapters: BlockAdapters

    var model: ModelConfig { context.model }
    var scratch: Scratch { context.scratch }
    var timeline: KernelTimeline { context.timeline }

    func forward(_ weights: BlockWeights, from input: AlignedBuffer, to output: AlignedBuffer) throws {
        normalise(input, weights.attentionNorm, keeping: saved.attentionReciprocalRMS, as: .attentionNorm)
        adapt([(.q, saved.query), (.k, saved.key), (.v, saved.value)], from: scratch.normed)
        try timeline.measure(.qkvProjection) {
            try project(.q, weights, from: scratch.normed, to: saved.query)
            try project(.k, weights, from: scratch.normed, to: saved.key)
            try project(.v, weights, from: scratch.normed, to: saved.value)
        }
        rotate(saved.query, saved.key, inverse: false)
        timeline.measure(.attention) { Attention(context: context).forward(saved) }
        carry(input, to: saved.middle)
        adapt([(.o, saved.middle)], from: saved.attended, adding: true)
        try timeline.measure(.outputProjection) {
            try project(.o, weights, from: saved.attended, to: saved.middle, adding: true)
        }

        normalise(saved.middle, weights.mlpNorm, keeping: saved.mlpReciprocalRMS, as: .mlpNorm)
        adapt([(.gate, saved.gate), (.up, saved.up)], from: scratch.normed)
        try timeline.measure(.gateUpProjection) {
            try project(.gate, weights, from: scratch.normed, to: saved.gate)
            try project(.up, weights, from: scratch.normed, to: saved.up)
        }
        timeline.measure(.swiglu) {
            kerf_swiglu_forward(
                context.threads, saved.gate.count, context.format.kernel, saved.gate.raw, saved.up.raw,
                scratch.mlp.raw)
        }
        carry(saved.middle, to: output)
        adapt([(.down, output)], from: scratch.mlp, adding: true)
        try timeline.measure(.downProjection) {
            try project(.down, weights, from: scratch.mlp, to: output, adding: true)
        }
    }

    /// scratch.normed = norm(x) * weight.
    func normalise(_ x: AlignedBuffer, _ weight: AlignedBuffer, keeping reciprocal: AlignedBuffer, as kernel: Kernel) {
        timeline.measure(kernel) {
            kerf_rms_norm_forward(
                context.threads, context.tokenCount, model.hiddenSize, x.start, weight.start,
                Float(model.rmsNormEpsilon), context.format.kernel, scratch.normed.raw, reciprocal.start)
        }
    }

    func rotate(_ query: AlignedBuffer, _ key: AlignedBuffer, inverse: Bool) {
        timeline.measure(.rope) {
            for (x, heads) in [(query, model.headCount), (key, model.keyValueHeadCount)] {
                context.rope.rotate(
                    x, tokens: context.tokenCount, heads: heads, inverse: inverse, team: context.team)
            }
        }
    }

    /// The residual stream goes on where attention's or MLP's result is added to it.
    private func carry(_ stream: AlignedBuffer, to sum: AlignedBuffer) {
        timeline.measure(.residual) {
            kerf_copy(context.threads, sum.count, stream.start, KERF_F32, sum.raw)
        }
    }

    /// Adds to what is there already, which LoRA's share is.
    private func project(
        _ projection: Projection, _ weights: BlockWeights, from input: AlignedBuffer, to output: AlignedBuffer,
        adding: Bool = false
    ) throws {
        try weights[projection].multiply(
            rows: context.tokenCount, input.raw, into: output.raw, adding: adding || adapters[projection] != nil,
            scratch: scratch.product)
    }

    /// Writes t Bᵀ, with t = (alpha / rank) x Aᵀ, to those outputs whose projection is a LoRA target, or adds it; keeps
    /// t.
    private func adapt(
        _ outputs: [(Projection, AlignedBuffer)], from input: AlignedBuffer, adding: Bool = false
    ) {
        guard outputs.contains(where: { adapters[$0.0] != nil }) else { return }
        timeline.measure(.lora) {
            for (projection, output) in outputs {
                guard let adapter = adapters[projection], let lowRank = saved.lowRank(projection) else { continue }
                let pair = LowRankPair(adapter: adapter, context: context)
                pair.project(input, to: lowRank, scale: Float(context.lora.scale))
                pair.expand(lowRank, to: output, adding: adding)
            }
        }
    }
}
