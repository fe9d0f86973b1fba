import ArgumentParser
import Instrumentation
import ModelFiles
import TransformerKernels
import Workload

/// The training step to run, and the threads and library that run it.
package struct WorkloadOptions: ParsableArguments {
    package init() {}

    @Option(help: Self.batchHelp)
    package var batch = 1

    @Option(help: Self.sequenceHelp)
    package var seq = 128

    @Option(help: Self.rankHelp)
    package var rank = 8

    @OptionGroup package var step: StepOptions

    static let batchHelp = ArgumentHelp("Sequences in a batch.", valueName: "number")
    static let sequenceHelp = ArgumentHelp("Tokens in a sequence.", valueName: "number")
    static let rankHelp = ArgumentHelp("Rank of the LoRA adapters.", valueName: "number")

    package func validate() throws {
        for (name, value) in [("--batch", batch), ("--seq", seq), ("--rank", rank)] {
            guard NumberList.range.contains(value) else {
                throw ValidationError("\(name) must be between 1 and 1000000, not \(value)")
            }
        }
    }

    package func workload(_ placement: PlacementOptions) throws -> TrainingWorkload {
        try step.workload(batch: batch, sequence: seq, rank: rank, placement)
    }
}

/// One training step or several, which differ in batch, sequence length and rank.
package struct WorkloadListOptions: ParsableArguments {
    package init() {}

    @Option(help: Self.help("Sequences in a batch", 1), transform: NumberList.init(parsing:))
    package var batch = NumberList(1)

    @Option(help: Self.help("Tokens in a sequence", 128), transform: NumberList.init(parsing:))
    package var seq = NumberList(128)

    @Option(help: Self.help("Rank of the LoRA adapters", 8), transform: NumberList.init(parsing:))
    package var rank = NumberList(8)

    @OptionGroup package var step: StepOptions

    /// Combinations of one run.
    private static let maximumCount = 64

    private static func help(_ what: String, _ preset: Int) -> ArgumentHelp {
        ArgumentHelp("\(what), or a list. (default: \(preset))", valueName: "number|list")
    }

    package func validate() throws {
        guard count <= Self.maximumCount else {
            throw ValidationError(
                "--batch, --seq and --rank make \(count) workloads, at most \(Self.maximumCount) are possible")
        }
    }

    /// Combinations of the lists.
    package var count: Int { batch.numbers.count * seq.numbers.count * rank.numbers.count }

    /// Every combination, ascending in the order of the lists.
    package func workloads(_ placement: PlacementOptions) throws -> [TrainingWorkload] {
        try batch.numbers.flatMap { batch in
            try seq.numbers.flatMap { sequence in
                try rank.numbers.map { try step.workload(batch: batch, sequence: sequence, rank: $0, placement) }
            }
        }
    }
}

/// What of a training step is not its size: adapters' places, threads, library and number format.
package struct StepOptions: ParsableArguments {
    package init() {}

    @Option(help: ArgumentHelp("Projections with adapters: q, k, v, o, gate, up, down, or all.", valueName: "list"))
    package var targets = "q,v"

    @OptionGroup package var engine: EngineOptions

    @Option(
        help: ArgumentHelp("Number format of weights and activations; sums are f32.", valueName: "f32|bf16"))
    package var dtype = FormatChoice.f32

    package func validate() throws { _ = try projections() }

    package func projections() throws -> [Projection] {
        if targets == "all" { return Projection.allCases }
        return try targets.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let projection = Projection(rawValue: String(name)) else {
                let known = Projection.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--targets: '\(name)' is not one of \(known); example: --targets q,v")
            }
            return projection
        }
    }

    package func workload(
        batch: Int, sequence: Int, rank: Int, _ placement: PlacementOptions
    ) throws -> TrainingWorkload {
        TrainingWorkload(
            batch: BatchShape(batch: batch, sequence: sequence),
            // Alpha is twice the rank, the usual choice; it scales values and does not change the cost.
            lora: LoRAConfiguration(rank: rank, alpha: Double(2 * rank), targets: try projections()),
            format: dtype.format, threads: engine.threads, isPinned: placement.pin, engineName: engine.engine,
            residency: placement.residency.request, activationCheckpointing: engine.activationCheckpointing)
    }
}

/// Where threads run and which weights stay in memory, for commands that measure layers.
package struct PlacementOptions: ParsableArguments {
    package init() {}

    @Flag(help: "Bind each thread to its own processor.")
    package var pin = false

    @Option(
        help: ArgumentHelp(
            "Weights to keep in memory: all, or one block at a time; auto keeps all of up to 1.5 GiB.",
            valueName: "auto|all|one"))
    package var residency = ResidencyChoice.auto
}

/// Values of `--residency`.
package enum ResidencyChoice: String, ExpressibleByArgument, CaseIterable {
    case auto, all, one

    package var request: TrainingWorkload.ResidencyRequest {
        switch self {
        case .auto: .automatic
        case .all: .all
        case .one: .one
        }
    }
}

/// Values of `--dtype`.
package enum FormatChoice: String, ExpressibleByArgument, CaseIterable {
    case f32, bf16

    package var format: NumberFormat { self == .bf16 ? .bf16 : .f32 }
}
