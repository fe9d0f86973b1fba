internal import CKernels
internal import ModelFiles

/// Causal attention with grouped queries: out = softmax(q kᵀ / sqrt(headSize)) v, head by head.
///
/// Heads are shared among the threads. A thread holds the scores of a block of query rows of one head, never those of
/// a whole batch; a block's products stop at the last key that its last row sees. The backward pass computes the
/// probabilities again, from q, k and the saved log-sum-exp of each row (as Dao et al., "FlashAttention",
/// arXiv 2205.14135, do).
struct Attention {
    let context: LayerContext

    private var model: ModelConfig { context.model }
    private var sequence: Int { context.batch.sequence }
    private var scale: Float { 1 / Float(model.headSize).squareRoot() }
    private var units: Int { context.batch.batch * model.headCount }

    /// One head of one sequence: where its rows start in matrices as wide as all query heads, or all key heads.
    private func offsets(_ unit: Int) -> (query: Int, key: Int) {
        let (sequenceIndex, head) = unit.quotientAndRemainder(dividingBy: model.headCount)
        let keyHead = head / (model.headCount / model.keyValueHeadCount)
        let row = sequenceIndex * sequence
        return (row * model.querySize + head * model.headSize, row * model.keyValueSize + keyHead * model.headSize)
    }

    /// Reads q, k, v and writes the attended values and the log-sum-exp of `saved`.
    func forward(_ saved: BlockActivations) throws {
        let (scratch, engine) = (context.scratch, context.engine)
        let (wide, narrow, size) = (model.querySize, model.keyValueSize, model.headSize)
        try context.team.run(units: units) { unit, thread in
            let (query, key) = offsets(unit)
            let scores = scratch.attention.start + thread * scratch.attentionStride
            for first in stride(from: 0, to: sequence, by: scratch.attentionRows) {
                let rows = min(scratch.attentionRows, sequence - first)
                let columns = first + rows
                try engine.gemm(
                    transposeA: false, transposeB: true, m: rows, n: columns, k: size, alpha: scale,
                    a: saved.query.start + query + first * wide, lda: wide, b: saved.key.start + key, ldb: narrow,
                    beta: 0, c: scores, ldc: columns)
                kerf_causal_softmax_forward(
                    rows, first, columns, scores, columns, saved.logSumExp.start + unit * sequence + first)
                try engine.gemm(
                    transposeA: false, transposeB: false, m: rows, n: size, k: columns, alpha: 1, a: scores,
                    lda: columns, b: saved.value.start + key, ldb: narrow, beta: 0,
                    c: saved.attended.start + query + first * wide, ldc: wide)
            }
        }
    }

    /// From the scratch memory's `attendedGradient` to its gradients of q, k and v.
    func backward(_ saved: BlockActivations) throws {
        let scratch = context.scratch
        try context.team.run(units: units) { unit, thread in
            // The last rows see all keys: they come first and write, the others add.
            let starts = stride(from: 0, to: sequence, by: scratch.attentionRows)
            for first in starts.reversed() {
                try backward(saved, unit: unit, thread: thread, first: first)
            }
        }
        let group = model.headCount / model.keyValueHeadCount
        guard group > 1 else { return }
        for (byHead, shared) in [
            (scratch.keyGradientByHead, scratch.keyGradient), (scratch.valueGradientByHead, scratch.valueGradient),
        ] {
            kerf_sum_groups(
                context.threads, context.tokenCount, model.keyValueHeadCount, group, model.headSize, byHead.start,
                shared.start)
        }
    }

    /// One block of query rows of one head. With P the probabilities and dO the output's gradient:
    /// dV += Pᵀ dO; dS = P (dO Vᵀ - rowsum(O dO)); dQ = dS K / sqrt(size); dK += dSᵀ Q / sqrt(size).
    private func backward(_ saved: BlockActivations, unit: Int, thread: Int, first: Int) throws {
        let (scratch, engine) = (context.scratch, context.engine)
        let (wide, narrow, size) = (model.querySize, model.keyValueSize, model.headSize)
        let (query, key) = offsets(unit)
        let rows = min(scratch.attentionRows, sequence - first)
        let columns = first + rows
        let beta: Float = columns == sequence ? 0 : 1
        let scores = scratch.attention.start + thread * scratch.attentionStride
        let gradient = scores + scratch.attentionRows * sequence
        let dots = gradient + scratch.attentionRows * sequence
        let rowOffset = query + first * wide
        let outputGradient = scratch.attendedGradient.start + rowOffset

        try engine.gemm(
            transposeA: false, transposeB: true, m: rows, n: columns, k: size, alpha: scale,
            a: saved.query.start + rowOffset, lda: wide, b: saved.key.start + key, ldb: narrow, beta: 0, c: scores,
            ldc: columns)
        try engine.gemm(
            transposeA: false, transposeB: true, m: rows, n: columns, k: size, alpha: 1, a: outputGradient, lda: wide,
            b: saved.value.start + key, ldb: narrow, beta: 0, c: gradient, ldc: columns)
        kerf_row_dots(rows, size, saved.attended.start + rowOffset, wide, outputGradient, wide, dots)
        kerf_causal_softmax_backward(
            rows, first, columns, scores, gradient, columns, saved.logSumExp.start + unit * sequence + first, dots)
        try engine.gemm(
            transposeA: true, transposeB: false, m: columns, n: size, k: rows, alpha: 1, a: scores, lda: columns,
            b: outputGradient, ldb: wide, beta: beta, c: scratch.valueGradientByHead.start + query, ldc: wide)
        try engine.gemm(
            transposeA: false, transposeB: false, m: rows, n: size, k: columns, alpha: scale, a: gradient,
            lda: columns, b: saved.key.start + key, ldb: narrow, beta: 0, c: scratch.queryGradient.start + rowOffset,
            ldc: wide)
        try engine.gemm(
            transposeA: true, transposeB: false, m: columns, n: size, k: rows, alpha: scale, a: gradient, lda: columns,
            b: saved.query.start + rowOffset, ldb: wide, beta: beta, c: scratch.keyGradientByHead.start + query,
            ldc: wide)
    }
}
