import CKernels
import ModelFiles
import Workload

/// Causal grouped-query attention: out = softmax(q kᵀ / sqrt(headSize)) v for each head, or with another factor, a soft cap,
/// a window.
struct Attention {
    let context: LayerContext
    /// Tokens that a token attends to; nil for all before.
    let window: Int?

    /// Computes the output and the log-sum-exp in `saved` from its q, k and v.
    func forward(_ saved: BlockActivations) {
        var shape = Self.shape(
            context.model, context.batch, context.format, window: window, threadCount: context.team.count)
        kerf_attention_forward(
            context.threads, &shape, saved.query.raw, saved.key.raw, saved.value.raw, saved.attended.raw,
            saved.logSumExp.start, context.scratch.attention.raw)
    }

    /// Computes the scratch memory's gradients of q, k and v from its `attendedGradient`. Those of q and k are before
    /// rotation.
    func backward(_ saved: BlockActivations) {
        let scratch = context.scratch
        var shape = Self.shape(
            context.model, context.batch, context.format, window: window, threadCount: context.team.count)
        let rope = context.rope(window: window)
        shape.cosine = UnsafePointer(rope.cosine.start)
        shape.sine = UnsafePointer(rope.sine.start)
        kerf_attention_backward(
            context.threads, &shape, saved.query.raw, saved.key.raw, saved.value.raw, saved.attended.raw,
            saved.logSumExp.start, scratch.attendedGradient.raw, scratch.queryGradient.raw, scratch.keyGradient.raw,
            scratch.valueGradient.raw, scratch.keyGradientParts.start, scratch.valueGradientParts.start,
            scratch.attention.raw)
    }

    static func shape(
        _ model: ModelConfig, _ batch: BatchShape, _ format: NumberFormat, window: Int? = nil, threadCount: Int
    ) -> kerf_attention {
        let scale = model.variant.attentionScale.map { Float($0) } ?? 1 / Float(model.headSize).squareRoot()
        let cap = Float(model.variant.attentionSoftCap ?? 0)
        var shape = kerf_attention(
            batch: batch.batch, sequence: batch.sequence, heads: model.headCount, key_heads: model.keyValueHeadCount,
            head_size: model.headSize, parts: 1, scale: scale, format: format.kernel, cosine: nil, sine: nil,
            rotated: model.rotarySize, window: window ?? 0, cap: cap)
        shape.parts = kerf_attention_parts(&shape, Int32(threadCount))
        return shape
    }
}
