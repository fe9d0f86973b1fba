internal import CKernels
internal import ModelFiles

/// One decoder block: x + attention(norm(x)), then that plus mlp(norm(that)). Pre-norm, as Llama has it.
///
/// All activations are `[tokens, width]`. ``forward(_:from:to:)`` is here, the backward pass in its own file.
struct DecoderBlock {
    let context: LayerContext
    let saved: BlockActivations
    let adapters: BlockAdapters

    var model: ModelConfig { context.model }
    var scratch: Scratch { context.scratch }
    var timeline: KernelTimeline { context.timeline }

    func forward(_ weights: BlockWeights, from input: AlignedBuffer, to output: AlignedBuffer) throws {
        normalise(input, weights.attentionNorm, keeping: saved.attentionReciprocalRMS, as: .attentionNorm)
        try timeline.measure(.qkvProjection) {
            try project(.q, weights, from: scratch.normed, to: saved.query)
            try project(.k, weights, from: scratch.normed, to: saved.key)
            try project(.v, weights, from: scratch.normed, to: saved.value)
        }
        try adapt([(.q, saved.query), (.k, saved.key), (.v, saved.value)], from: scratch.normed)
        rotate(saved.query, saved.key, inverse: false)
        try timeline.measure(.attention) { try Attention(context: context).forward(saved) }
        try timeline.measure(.outputProjection) {
            try project(.o, weights, from: saved.attended, to: scratch.stream)
        }
        try adapt([(.o, scratch.stream)], from: saved.attended)
        add(input, scratch.stream, to: saved.middle)

        normalise(saved.middle, weights.mlpNorm, keeping: saved.mlpReciprocalRMS, as: .mlpNorm)
        try timeline.measure(.gateUpProjection) {
            try project(.gate, weights, from: scratch.normed, to: saved.gate)
            try project(.up, weights, from: scratch.normed, to: saved.up)
        }
        try adapt([(.gate, saved.gate), (.up, saved.up)], from: scratch.normed)
        gateMLP()
        try timeline.measure(.downProjection) {
            try project(.down, weights, from: scratch.mlp, to: scratch.stream)
        }
        try adapt([(.down, scratch.stream)], from: scratch.mlp)
        add(saved.middle, scratch.stream, to: output)
    }

    /// scratch.normed = norm(x) * weight.
    func normalise(_ x: AlignedBuffer, _ weight: AlignedBuffer, keeping reciprocal: AlignedBuffer, as kernel: Kernel) {
        timeline.measure(kernel) {
            kerf_rms_norm_forward(
                context.threads, context.tokenCount, model.hiddenSize, x.start, weight.start,
                Float(model.rmsNormEpsilon), scratch.normed.start, reciprocal.start)
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

    /// scratch.mlp = silu(gate) * up.
    func gateMLP() {
        timeline.measure(.swiglu) {
            kerf_swiglu_forward(
                context.threads, saved.gate.count, saved.gate.start, saved.up.start, scratch.mlp.start)
        }
    }

    private func add(_ a: AlignedBuffer, _ b: AlignedBuffer, to sum: AlignedBuffer) {
        timeline.measure(.residual) { kerf_add(context.threads, sum.count, a.start, b.start, sum.start) }
    }

    private func project(
        _ projection: Projection, _ weights: BlockWeights, from input: AlignedBuffer, to output: AlignedBuffer
    ) throws {
        let shape = model.shape(of: projection)
        try context.multiply(
            rows: context.tokenCount, input.start, weight: weights[projection].start, inputSize: shape.columns,
            outputSize: shape.rows, into: output.start)
    }

    /// Adds (alpha / rank) (x Aᵀ) Bᵀ to those outputs whose projection is a LoRA target, and keeps x Aᵀ.
    private func adapt(_ outputs: [(Projection, AlignedBuffer)], from input: AlignedBuffer) throws {
        guard outputs.contains(where: { adapters[$0.0] != nil }) else { return }
        try timeline.measure(.lora) {
            for (projection, output) in outputs {
                guard let adapter = adapters[projection], let lowRank = saved.lowRank(projection) else { continue }
                try context.multiply(
                    rows: context.tokenCount, input.start, weight: adapter.a.start, inputSize: adapter.inputSize,
                    outputSize: adapter.rank, into: lowRank.start)
                try context.multiply(
                    rows: context.tokenCount, lowRank.start, weight: adapter.b.start, inputSize: adapter.rank,
                    outputSize: adapter.outputSize, into: output.start, adding: true, scale: Float(context.lora.scale))
            }
        }
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// The first element of a view that is never empty.
    var start: UnsafeMutablePointer<Float> { baseAddress! }
}
