import ModelFiles
import SystemIO
import TransformerKernels
import Workload

/// How a model is trained: everything but the model, the data and where it is cut. Both sides of a split use the same.
package struct TrainingSettings: Sendable, Hashable, Codable {
    /// Sequences of one optimizer step.
    package var batch = 4
    /// Tokens of a sequence.
    package var sequence = 128
    /// Equal parts of the batch, whose gradients are added up before the step.
    package var microBatches = 1
    package var rank = 8
    package var alpha = 16.0
    package var targets: [Projection] = [.q, .v]
    package var format = NumberFormat.f32
    package var learningRate = 1e-4
    package var schedule = LearningRateSchedule.constant
    package var warmupSteps = 0
    /// Steps after which the schedule ends; not used by a constant one.
    package var scheduleSteps = 0
    package var weightDecay = 0.01
    package var beta1 = 0.9
    package var beta2 = 0.999
    package var epsilon = 1e-8
    /// The global norm to which gradients are clipped; nil for no clipping.
    package var maximumGradientNorm: Double?
    /// Seed of the adapters' initial values and of the order of the data.
    package var seed: UInt64 = 1
    /// How activations and gradients are sent.
    package var wire = WireFormat.f32

    package init() {}

    /// Tokens of a micro-batch: with their targets they travel in one message of at most 1 MiB.
    static let maximumTokens = 1 << 16

    package var lora: LoRAConfiguration { LoRAConfiguration(rank: rank, alpha: alpha, targets: targets) }

    /// The shape of one micro-batch.
    package var microBatch: BatchShape { BatchShape(batch: batch / microBatches, sequence: sequence) }

    /// The optimizer of a step.
    ///
    /// - Parameter step: steps before it.
    package func optimizer(step: Int) -> AdamW {
        AdamW(
            learningRate: learningRate
                * schedule.factor(step: step, warmup: warmupSteps, total: scheduleSteps),
            beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
    }

    /// - Throws: ``KerfError/Code/invalidArgument`` with the first setting that is out of range.
    package func check() throws(KerfError) {
        let sizes = [
            ("batch", batch, 1 << 16), ("sequence", sequence, 1 << 20), ("micro-batches", microBatches, 1 << 16),
            ("LoRA rank", rank, 1 << 12),
        ]
        for (name, value, maximum) in sizes where value < 1 || value > maximum {
            throw KerfError(.invalidArgument, "the \(name) of \(value) is not between 1 and \(maximum)")
        }
        guard batch.isMultiple(of: microBatches) else {
            throw KerfError(
                .invalidArgument, "a batch of \(batch) cannot be divided into \(microBatches) equal micro-batches")
        }
        guard microBatch.tokenCount <= Self.maximumTokens else {
            throw KerfError(
                .invalidArgument,
                "a micro-batch of \(microBatch.tokenCount) tokens is more than \(Self.maximumTokens)",
                remedy: "divide the batch into more micro-batches, or use shorter sequences")
        }
        guard !targets.isEmpty else { throw KerfError(.invalidArgument, "no LoRA target: nothing would be trained") }
        guard targets == lora.targets else {
            throw KerfError(.invalidArgument, "the LoRA targets are not unique and in order")
        }
        let numbers: [(name: String, value: Double, range: ClosedRange<Double>)] = [
            ("LoRA alpha", alpha, 1e-6...1e6), ("learning rate", learningRate, 0...1e3),
            ("weight decay", weightDecay, 0...1), ("beta1", beta1, 0...0.999_999), ("beta2", beta2, 0...0.999_999_9),
            ("epsilon", epsilon, 1e-30...1), ("gradient norm", maximumGradientNorm ?? 1, 1e-12...1e12),
        ]
        for (name, value, range) in numbers where !range.contains(value) {
            throw KerfError(
                .invalidArgument, "the \(name) of \(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        guard warmupSteps >= 0, scheduleSteps >= 0, schedule == .constant || scheduleSteps > warmupSteps else {
            throw KerfError(
                .invalidArgument,
                "a \(schedule.rawValue) schedule of \(scheduleSteps) steps does not outlast \(warmupSteps) warm-up steps"
            )
        }
    }
}
