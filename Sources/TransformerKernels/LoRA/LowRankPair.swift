internal import CKernels

/// The products of one LoRA pair, A `[rank, inputSize]` and B `[outputSize, rank]`, with all rows of a batch.
///
/// Uses the scratch memory's `lowRankPanels`.
struct LowRankPair {
    let adapter: Adapter
    let context: LayerContext

    private var panels: UnsafeMutablePointer<Float> { context.scratch.lowRankPanels.start }
    private var rank: Int { adapter.rank }

    /// t = scale x Aᵀ; x is `[tokens, inputSize]`, t `[tokens, rank]`.
    func project(_ x: AlignedBuffer, to t: AlignedBuffer, scale: Float) {
        packA()
        kerf_low_rank_project(
            context.threads, context.tokenCount, adapter.inputSize, rank, x.format.kernel, x.raw, panels, scale,
            t.start)
    }

    /// y = t Bᵀ or y += t Bᵀ; y is `[tokens, outputSize]`.
    func expand(_ t: AlignedBuffer, to y: AlignedBuffer, adding: Bool) {
        packB()
        kerf_low_rank_expand(
            context.threads, context.tokenCount, adapter.outputSize, rank, t.start, panels, y.format.kernel, y.raw,
            adding)
    }

    /// dT = scale dY B: the gradient of x Aᵀ.
    func projectBack(_ outputGradient: AlignedBuffer, to gradient: AlignedBuffer, scale: Float) {
        packB()
        kerf_low_rank_project(
            context.threads, context.tokenCount, adapter.outputSize, rank, outputGradient.format.kernel,
            outputGradient.raw, panels, scale, gradient.start)
    }

    /// dX = dT A or dX += dT A.
    func expandBack(_ gradient: AlignedBuffer, to inputGradient: AlignedBuffer, adding: Bool) {
        packA()
        kerf_low_rank_expand(
            context.threads, context.tokenCount, adapter.inputSize, rank, gradient.start, panels,
            inputGradient.format.kernel, inputGradient.raw, adding)
    }

    /// dB = dYᵀ t.
    func differentiateB(_ outputGradient: AlignedBuffer, _ t: AlignedBuffer) {
        kerf_low_rank_outer(
            context.threads, context.tokenCount, adapter.outputSize, rank, t.start, outputGradient.format.kernel,
            outputGradient.raw, 1, panels)
        kerf_transpose(context.threads, rank, adapter.outputSize, panels, adapter.gradientB.start)
    }

    /// dA = dTᵀ x.
    func differentiateA(_ gradient: AlignedBuffer, _ x: AlignedBuffer) {
        kerf_low_rank_outer(
            context.threads, context.tokenCount, adapter.inputSize, rank, gradient.start, x.format.kernel, x.raw, 1,
            adapter.gradientA.start)
    }

    private func packA() {
        kerf_low_rank_panels(context.threads, adapter.inputSize, rank, adapter.a.start, false, panels)
    }

    private func packB() {
        kerf_low_rank_panels(context.threads, adapter.outputSize, rank, adapter.b.start, true, panels)
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// The first element of a view that is never empty.
    var start: UnsafeMutablePointer<Float> { baseAddress! }
}
