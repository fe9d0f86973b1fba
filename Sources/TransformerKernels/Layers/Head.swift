internal import CKernels
internal import ModelFiles

/// The last layer: final norm, LM head, mean cross-entropy over the tokens that have a target.
///
/// The logits of a whole batch may be larger than the model, so they are computed some rows at a time. The backward
/// pass needs them again: they are kept where they take little memory (``Scratch/Limits/keptLogitsBytes``), else computed
/// once more, one more product than the mathematics needs. Kept in any case: the norm's output, 1 / rms and the logits'
/// log-sum-exp.
final class Head {
    private let context: LayerContext
    /// `[tokens, hiddenSize]`
    private let normed: AlignedBuffer
    /// f32, `[tokens]`
    private let reciprocalRMS, logSumExp: AlignedBuffer
    /// f32, `[tokens, vocabularySize]` when they are kept, else `[chunkRows, vocabularySize]`.
    private let logits: AlignedBuffer
    /// `[chunkRows, vocabularySize]`
    private let logitsGradient: AlignedBuffer
    private let keepsLogits: Bool
    private let chunkRows: Int
    private var rowLosses: [Double]

    init(context: LayerContext, limits: Scratch.Limits, memory: BufferAllocator) throws {
        self.context = context
        let model = context.model
        let kept = "saved activations"
        normed = try memory.buffer(context.tokenCount, model.hiddenSize, format: context.format, for: kept)
        reciprocalRMS = try memory.buffer(context.tokenCount, for: kept)
        logSumExp = try memory.buffer(context.tokenCount, for: kept)
        chunkRows = limits.headRows(model, context.batch)
        keepsLogits = context.tokenCount <= limits.keptLogitsBytes / MemoryLayout<Float>.stride / model.vocabularySize
        logits = try memory.buffer(
            keepsLogits ? context.tokenCount : chunkRows, model.vocabularySize, for: "logits")
        logitsGradient = try memory.buffer(
            chunkRows, model.vocabularySize, format: context.format, for: "logits")
        rowLosses = Array(repeating: 0, count: context.tokenCount)
    }

    /// Numbers of rows that are multiplied together: all chunks', and the last one's.
    static func rowCounts(tokenCount: Int, chunkRows: Int) -> Set<Int> {
        [chunkRows, tokenCount % chunkRows == 0 ? chunkRows : tokenCount % chunkRows]
    }

    /// The mean cross-entropy in nats over the rows whose target is not negative, of which there must be some.
    func forward(norm: AlignedBuffer, matrix: FrozenMatrix, input: AlignedBuffer, targets: [Int32]) throws -> Double {
        let model = context.model
        context.timeline.measure(.finalNorm) {
            kerf_rms_norm_forward(
                context.threads, context.tokenCount, model.hiddenSize, input.start, norm.start,
                Float(model.rmsNormEpsilon), context.format.kernel, normed.raw, reciprocalRMS.start)
        }
        try forEachChunk { rows in
            let logits = try computeLogits(rows, matrix)
            context.timeline.measure(.crossEntropy) {
                targets.withUnsafeBufferPointer { targets in
                    rowLosses.withUnsafeMutableBufferPointer { losses in
                        kerf_cross_entropy_forward(
                            context.threads, rows.count, model.vocabularySize, logits,
                            targets.baseAddress! + rows.lowerBound, logSumExp.start + rows.lowerBound,
                            losses.baseAddress! + rows.lowerBound)
                    }
                }
            }
        }
        return rowLosses.reduce(0, +) / Double(Self.counted(targets))
    }

    /// The gradient of the mean cross-entropy by the head's input.
    func backward(
        norm: AlignedBuffer, matrix: FrozenMatrix, input: AlignedBuffer, targets: [Int32],
        inputGradient: AlignedBuffer
    ) throws {
        let model = context.model
        let scratch = context.scratch
        let scale = Float(1 / Double(Self.counted(targets)))
        try forEachChunk { rows in
            let logits = keepsLogits ? place(of: rows) : try computeLogits(rows, matrix)
            context.timeline.measure(.crossEntropy) {
                targets.withUnsafeBufferPointer { targets in
                    kerf_cross_entropy_backward(
                        context.threads, rows.count, model.vocabularySize, logits,
                        targets.baseAddress! + rows.lowerBound, logSumExp.start + rows.lowerBound, scale,
                        context.format.kernel, logitsGradient.raw)
                }
            }
            try context.timeline.measure(.lmHead) {
                try matrix.multiplyBack(
                    rows: rows.count, logitsGradient.raw,
                    into: scratch.normedGradient.address(of: rows.lowerBound * model.hiddenSize),
                    scratch: scratch.product)
            }
        }
        context.timeline.measure(.finalNorm) {
            kerf_rms_norm_backward(
                context.threads, context.tokenCount, model.hiddenSize, input.start, norm.start, reciprocalRMS.start,
                scratch.normedGradient.start, nil, inputGradient.start)
        }
    }

    /// Targets that count: those that are not negative.
    static func counted(_ targets: [Int32]) -> Int { targets.count { $0 >= 0 } }

    /// What the forward pass keeps.
    var keptByteCount: Int {
        normed.byteCount + reciprocalRMS.byteCount + logSumExp.byteCount + (keepsLogits ? logits.byteCount : 0)
            + rowLosses.count * MemoryLayout<Double>.stride
    }

    var scratchByteCount: Int { logitsGradient.byteCount + (keepsLogits ? 0 : logits.byteCount) }

    private func place(of rows: Range<Int>) -> UnsafeMutablePointer<Float> {
        logits.start + (keepsLogits ? rows.lowerBound * context.model.vocabularySize : 0)
    }

    private func computeLogits(_ rows: Range<Int>, _ matrix: FrozenMatrix) throws -> UnsafeMutablePointer<Float> {
        let logits = place(of: rows)
        try context.timeline.measure(.lmHead) {
            try matrix.multiply(
                rows: rows.count, normed.address(of: rows.lowerBound * context.model.hiddenSize), into: logits,
                scratch: context.scratch.product)
        }
        return logits
    }

    private func forEachChunk(_ body: (Range<Int>) throws -> Void) throws {
        for begin in stride(from: 0, to: context.tokenCount, by: chunkRows) {
            try body(begin..<min(context.tokenCount, begin + chunkRows))
        }
    }
}
