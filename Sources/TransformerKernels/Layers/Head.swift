import CKernels
import ModelFiles
import Workload

/// The last layer: final norm, LM head, mean cross-entropy over the tokens that have a target. Its ``HeadPlan`` divides
/// the rows into chunks.
///
/// Saved for the backward pass: the norm's output, 1 / rms, and the logits' gradient where the plan says so.
final class Head {
    private let context: LayerContext
    private let plan: HeadPlan
    /// `[tokens, hiddenSize]`
    private let normed: AlignedBuffer
    /// f32, `[tokens]`
    private let reciprocalRMS: AlignedBuffer
    /// `[tokens or backwardRows, vocabularySize]`
    private let logitsGradient: AlignedBuffer
    /// f32, `[forwardRows, vocabularySize]`; in the format f32 the same memory as the gradient.
    private let logits: AlignedBuffer
    private var rowLosses: [Double]

    init(context: LayerContext, plan: HeadPlan, memory: BufferAllocator) throws {
        self.context = context
        self.plan = plan
        let model = context.model
        let purpose = "saved activations"
        normed = try memory.buffer(context.tokenCount, model.hiddenSize, format: context.format, for: purpose)
        reciprocalRMS = try memory.buffer(context.tokenCount, for: purpose)
        logitsGradient = try memory.buffer(
            plan.backwardRows, model.vocabularySize, format: context.format, for: "logits")
        logits =
            context.format == .f32
            ? logitsGradient : try memory.buffer(plan.forwardRows, model.vocabularySize, for: "logits")
        rowLosses = Array(repeating: 0, count: context.tokenCount)
    }

    /// The sum of the cross-entropies in nats over the rows whose target is not negative, of which there must be at least
    /// one, divided by `divisor`, or by their number: the mean.
    func forward(
        norm: AlignedBuffer, matrix: FrozenMatrix, input: AlignedBuffer, targets: [Int32], divisor: Int? = nil
    ) throws -> Double {
        let model = context.model
        context.timeline.measure(.finalNorm) {
            kerf_rms_norm_forward(
                context.threads, context.tokenCount, model.hiddenSize, input.start, norm.start,
                Float(model.rmsNormEpsilon), context.format.kernel, normed.raw, reciprocalRMS.start)
        }
        try forEachChunk(of: plan.forwardRows) { rows in
            try computeLogits(rows, matrix)
            crossEntropy(rows, targets, divisor, keepingGradient: plan.keepsGradient)
        }
        return rowLosses.reduce(0, +) / Double(divisor ?? Self.counted(targets))
    }

    /// The gradient of what ``forward(norm:matrix:input:targets:divisor:)`` returns by the head's input.
    func backward(
        norm: AlignedBuffer, matrix: FrozenMatrix, input: AlignedBuffer, targets: [Int32], divisor: Int? = nil,
        inputGradient: AlignedBuffer
    ) throws {
        let model = context.model
        let scratch = context.scratch
        try forEachChunk(of: plan.backwardRows) { rows in
            if !plan.keepsGradient {
                try computeLogits(rows, matrix)
                crossEntropy(rows, targets, divisor, keepingGradient: true)
            }
            try context.timeline.measure(.lmHead) {
                try matrix.multiplyBackward(
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

    /// Number of targets that are not negative.
    static func counted(_ targets: [Int32]) -> Int { targets.count { $0 >= 0 } }

    /// Bytes that the forward pass saves.
    var savedByteCount: Int {
        normed.byteCount + reciprocalRMS.byteCount + (plan.keepsGradient ? logitsGradient.byteCount : 0)
            + rowLosses.count * MemoryLayout<Double>.stride
    }

    var scratchByteCount: Int {
        (plan.keepsGradient ? 0 : logitsGradient.byteCount) + (logits === logitsGradient ? 0 : logits.byteCount)
    }

    private func computeLogits(_ rows: Range<Int>, _ matrix: FrozenMatrix) throws {
        try context.timeline.measure(.lmHead) {
            try matrix.multiply(
                rows: rows.count, normed.address(of: rows.lowerBound * context.model.hiddenSize), into: logits.raw,
                scratch: context.scratch.product)
        }
    }

    /// Computes the rows' losses and, if asked, the gradient of their logits, which may overwrite the logits.
    private func crossEntropy(_ rows: Range<Int>, _ targets: [Int32], _ divisor: Int?, keepingGradient: Bool) {
        let width = context.model.vocabularySize
        let scale = Float(1 / Double(divisor ?? Self.counted(targets)))
        let first = plan.keepsGradient ? rows.lowerBound * width : 0
        context.timeline.measure(.crossEntropy) {
            targets.withUnsafeBufferPointer { targets in
                rowLosses.withUnsafeMutableBufferPointer { losses in
                    kerf_cross_entropy(
                        context.threads, rows.count, width, logits.start,
                        Float(context.model.variant.logitSoftCap ?? 0), targets.baseAddress! + rows.lowerBound,
                        losses.baseAddress! + rows.lowerBound, scale, context.format.kernel,
                        keepingGradient ? logitsGradient.address(of: first) : nil)
                }
            }
        }
    }

    private func forEachChunk(of count: Int, _ body: (Range<Int>) throws -> Void) rethrows {
        for begin in stride(from: 0, to: context.tokenCount, by: count) {
            try body(begin..<min(context.tokenCount, begin + count))
        }
    }
}
