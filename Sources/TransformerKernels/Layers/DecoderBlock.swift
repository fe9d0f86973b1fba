import CKernels
import ModelFiles
import Workload

/// One decoder block: x + attention(norm(x)), then that plus mlp(norm(that)). Pre-norm, as Llama has it.
///
/// All activations are `[tokens, width]`. ``forward(_:from:to:)`` is here, the backward pass in its own file. What is
/// added to a product's result, the residual stream or LoRA's share, the product adds in its last step: alone it would
/// cost another pass over memory.
struct DecoderBlock {
    let context: LayerContext
    let saved: BlockActivations
    let adapters: BlockAdapters

    var model: ModelConfig { context.model }
    var scratch: Scratch { context.scratch }
    var timeline: KernelTimeline { context.timeline }

    func forward(_ weights: BlockWeights, from input: AlignedBuffer, to output: AlignedBuffer) throws {
        /// Where a projection's result goes.
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

        normalise(input, weights.attentionNorm, keeping: saved.attentionReciprocalRMS, as: .attentionNorm)
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

        normalise(saved.middle, weights.mlpNorm, keeping: saved.mlpReciprocalRMS, as: .mlpNorm)
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
    func normalise(_ x: AlignedBuffer, _ weight: AlignedBuffer, keeping reciprocal: AlignedBuffer, as kernel: Kernel) {
        timeline.measure(kernel) {
            kerf_rms_norm_forward(
                context.threads, context.tokenCount, model.hiddenSize, x.start, weight.start,
                Float(model.rmsNormEpsilon), context.format.kernel, scratch.normed.raw, reciprocal.start)
        }
    }

    /// Adds to LoRA's share, which is there already, or to the stream.
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

    /// Writes t Bᵀ, with t = (alpha / rank) x Aᵀ, and the stream, if there is one, to the results of those projections
    /// that are LoRA targets; keeps t.
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
