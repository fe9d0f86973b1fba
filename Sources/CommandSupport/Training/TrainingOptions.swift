import ArgumentParser
import SplitTraining
import Workload

/// How the adapters are trained: the same on every device of a server.
package struct TrainingOptions: ParsableArguments {
    package init() {}

    @OptionGroup package var workload: WorkloadOptions

    @Option(help: ArgumentHelp("LoRA's alpha. (default: twice the rank)", valueName: "number"))
    package var alpha: Double?

    @Option(name: .customLong("lr"), help: ArgumentHelp("Learning rate of AdamW.", valueName: "number"))
    package var learningRate = 1e-4

    @Option(help: ArgumentHelp("How the learning rate changes.", valueName: "constant|linear|cosine"))
    package var schedule = LearningRateSchedule.constant

    @Option(help: ArgumentHelp("Steps in which the learning rate rises from 0.", valueName: "number"))
    package var warmup = 0

    @Option(help: ArgumentHelp("AdamW's weight decay.", valueName: "number"))
    package var weightDecay = 0.01

    @Option(
        help: ArgumentHelp("Global norm to which gradients are clipped. (default: not clipped)", valueName: "number"))
    package var clip: Double?

    @Option(
        help: ArgumentHelp("Equal parts of the batch; one is sent while the next is computed.", valueName: "number"))
    package var microBatches = 1

    @Option(help: ArgumentHelp("How activations and gradients are sent.", valueName: "f32|bf16|int8"))
    package var wire = WireFormat.f32

    @Option(help: ArgumentHelp("Seed of the adapters and of the data's order.", valueName: "number"))
    package var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Seed of random weights.", valueName: "number"))
    package var weightsSeed: UInt64 = 1

    /// - Parameter steps: of this device, after which a schedule ends.
    package func settings(steps: Int) throws -> TrainingSettings {
        var settings = TrainingSettings()
        settings.batch = workload.batch
        settings.sequence = workload.seq
        settings.microBatches = microBatches
        settings.rank = workload.rank
        settings.alpha = alpha ?? Double(2 * workload.rank)
        settings.targets = LoRAConfiguration(rank: 1, alpha: 1, targets: try workload.step.projections()).targets
        settings.format = workload.step.dtype.format
        settings.learningRate = learningRate
        settings.schedule = schedule
        settings.warmupSteps = warmup
        settings.scheduleSteps = schedule == .constant ? 0 : steps
        settings.weightDecay = weightDecay
        settings.maximumGradientNorm = clip
        settings.seed = seed
        settings.wire = wire
        try settings.check()
        return settings
    }
}

extension LearningRateSchedule: ExpressibleByArgument {}
extension WireFormat: ExpressibleByArgument {}
