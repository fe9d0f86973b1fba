import CKernels
import ModelFiles
import Workload

/// Products of a group's LoRA pairs with all rows of a batch. Uses the scratch memory's `lowRankPanels`.
struct LowRankProducts {
    let group: AdapterGroup
    let context: LayerContext

    private var panels: UnsafeMutablePointer<Float> { context.scratch.lowRankPanels.start }
    private var scale: Float { Float(context.lora.scale) }

    /// t = scale x Aᵀ; x is `[tokens, inputSize]`, t `[tokens, rank]`.
    func project(_ x: AlignedBuffer, to t: AlignedBuffer) {
        packA()
        kerf_low_rank_project(
            context.threads, context.tokenCount, group.inputSize, group.rank, x.format.kernel, x.raw, panels, scale,
            t.start, group.rank)
    }

    /// y = base + t Bᵀ of each pair; y is `[tokens, outputSize]`. The base may be y itself, and nil is zero.
    func expand(
        _ t: AlignedBuffer, base: (Projection) -> AlignedBuffer?, to output: (Projection) -> AlignedBuffer
    ) {
        for (adapter, first) in group.rows {
            let y = output(adapter.projection)
            packB(adapter)
            kerf_low_rank_expand(
                context.threads, context.tokenCount, adapter.outputSize, adapter.rank, t.start + first, group.rank,
                panels, y.format.kernel, base(adapter.projection)?.raw, y.raw)
        }
    }

    /// With dY of each pair: dT = scale dY B, the gradient of x Aᵀ, and dB = dYᵀ t.
    func projectBackward(
        _ outputGradient: (Projection) -> AlignedBuffer, _ t: AlignedBuffer, to gradient: AlignedBuffer
    ) {
        for (adapter, first) in group.rows {
            let dy = outputGradient(adapter.projection)
            packB(adapter)
            kerf_low_rank_project(
                context.threads, context.tokenCount, adapter.outputSize, adapter.rank, dy.format.kernel, dy.raw,
                panels, scale, gradient.start + first, group.rank)
            kerf_low_rank_outer(
                context.threads, context.tokenCount, adapter.outputSize, adapter.rank, t.start + first, group.rank,
                dy.format.kernel, dy.raw, panels)
            kerf_transpose(
                context.threads, adapter.rank, adapter.outputSize, panels, adapter.gradientB.baseAddress!)
        }
    }

    /// dA = dTᵀ x.
    func differentiateA(_ gradient: AlignedBuffer, _ x: AlignedBuffer) {
        kerf_low_rank_outer(
            context.threads, context.tokenCount, group.inputSize, group.rank, gradient.start, group.rank,
            x.format.kernel, x.raw, group.gradientA)
    }

    /// dX = dT A, summed over the pairs.
    func expandBackward(_ gradient: AlignedBuffer, to inputGradient: AlignedBuffer) {
        packA()
        kerf_low_rank_expand(
            context.threads, context.tokenCount, group.inputSize, group.rank, gradient.start, group.rank, panels,
            inputGradient.format.kernel, nil, inputGradient.raw)
    }

    private func packA() {
        kerf_low_rank_panels(context.threads, group.inputSize, group.rank, group.a, false, panels)
    }

    private func packB(_ adapter: Adapter) {
        kerf_low_rank_panels(
            context.threads, adapter.outputSize, adapter.rank, adapter.b.baseAddress!, true, panels)
    }
}
