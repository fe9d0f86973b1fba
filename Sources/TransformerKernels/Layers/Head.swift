internal import CKernels
internal import ModelFiles

/// The last layer: final norm, LM head, mean cross-entropy over the tokens that have a target.
///
/// The logits of a whole batch may be larger than the model, so they are computed a few rows at a time and dropped.
/// The backward pass computes them again, one more product than the mathematics needs, so that each direction runs, and
/// is timed, on its own. Kept from the forward pass: the norm's output, 1 / rms and the logits' log-sum-exp.
final class Head {
    private let context: LayerContext
    /// `[tokens, hiddenSize]`
    private let normed: AlignedBuffer
    /// `[tokens]`
    private let reciprocalRMS, logSumExp: AlignedBuffer
    private var rowLosses: [Double]

    init(context: LayerContext, memory: BufferAllocator) throws {
        self.context = context
        let model = context.model
        let kept = "saved activations"
        normed = try memory.buffer(context.tokenCount, model.hiddenSize, for: kept)
        reciprocalRMS = try memory.buffer(context.tokenCount, for: kept)
        logSumExp = try memory.buffer(context.tokenCount, for: kept)
        rowLosses = Array(repeating: 0, count: context.tokenCount)
    }

    /// The mean cross-entropy in nats over the rows whose target is not negative, of which there must be some.
    func forward(norm: AlignedBuffer, matrix: AlignedBuffer, input: AlignedBuffer, targets: [Int32]) throws -> Double {
        let model = context.model
        context.timeline.measure(.finalNorm) {
            kerf_rms_norm_forward(
                context.threads, context.tokenCount, model.hiddenSize, input.start, norm.start,
                Float(model.rmsNormEpsilon), normed.start, reciprocalRMS.start)
        }
        try forEachChunk { rows in
            try computeLogits(rows, matrix)
            context.timeline.measure(.crossEntropy) {
                targets.withUnsafeBufferPointer { targets in
                    rowLosses.withUnsafeMutableBufferPointer { losses in
                        kerf_cross_entropy_forward(
                            context.threads, rows.count, model.vocabularySize, context.scratch.logits.start,
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
        norm: AlignedBuffer, matrix: AlignedBuffer, input: AlignedBuffer, targets: [Int32],
        inputGradient: AlignedBuffer
    ) throws {
        let model = context.model
        let scratch = context.scratch
        let scale = Float(1 / Double(Self.counted(targets)))
        try forEachChunk { rows in
            try computeLogits(rows, matrix)
            context.timeline.measure(.crossEntropy) {
                targets.withUnsafeBufferPointer { targets in
                    kerf_cross_entropy_backward(
                        context.threads, rows.count, model.vocabularySize, scratch.logits.start,
                        targets.baseAddress! + rows.lowerBound, logSumExp.start + rows.lowerBound, scale)
                }
            }
            try context.timeline.measure(.lmHead) {
                try context.multiplyBack(
                    rows: rows.count, scratch.logits.start, weight: matrix.start, inputSize: model.hiddenSize,
                    outputSize: model.vocabularySize,
                    into: scratch.normedGradient.start + rows.lowerBound * model.hiddenSize)
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

    var byteCount: Int {
        normed.byteCount + reciprocalRMS.byteCount + logSumExp.byteCount
            + rowLosses.count * MemoryLayout<Double>.stride
    }

    private func computeLogits(_ rows: Range<Int>, _ matrix: AlignedBuffer) throws {
        let model = context.model
        try context.timeline.measure(.lmHead) {
            try context.multiply(
                rows: rows.count, normed.start + rows.lowerBound * model.hiddenSize, weight: matrix.start,
                inputSize: model.hiddenSize, outputSize: model.vocabularySize, into: context.scratch.logits.start)
        }
    }

    private func forEachChunk(_ body: (Range<Int>) throws -> Void) throws {
        for begin in stride(from: 0, to: context.tokenCount, by: context.scratch.headRows) {
            try body(begin..<min(context.tokenCount, begin + context.scratch.headRows))
        }
    }
}
