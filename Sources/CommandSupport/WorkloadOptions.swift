import ArgumentParser
import Instrumentation
import ModelFiles
import TransformerKernels
import Workload

/// The training step to run, and the threads and library that run it.
package struct WorkloadOptions: ParsableArguments {
    package init() {}

    @Option(help: ArgumentHelp("Sequences in a batch.", valueName: "number"))
    package var batch = 1

    @Option(help: ArgumentHelp("Tokens in a sequence.", valueName: "number"))
    package var seq = 128

    @Option(help: ArgumentHelp("Rank of the LoRA adapters.", valueName: "number"))
    package var rank = 8

    @Option(help: ArgumentHelp("Projections with adapters: q, k, v, o, gate, up, down, or all.", valueName: "list"))
    package var targets = "q,v"

    @OptionGroup package var engine: EngineOptions

    @Option(
        help: ArgumentHelp("Number format of weights and activations; sums are f32.", valueName: "f32|bf16"))
    package var dtype = FormatChoice.f32

    package func validate() throws {
        for (name, value) in [("--batch", batch), ("--seq", seq), ("--rank", rank)] {
            guard (1...1_000_000).contains(value) else {
                throw ValidationError("\(name) must be between 1 and 1000000, not \(value)")
            }
        }
        _ = try projections()
    }

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

    package func workload(_ placement: PlacementOptions) throws -> TrainingWorkload {
        TrainingWorkload(
            batch: BatchShape(batch: batch, sequence: seq),
            // Alpha is twice the rank, the usual choice; it scales values and does not change the cost.
            lora: LoRAConfiguration(rank: rank, alpha: Double(2 * rank), targets: try projections()),
            format: dtype.format, threads: engine.threads, isPinned: placement.pin, engineName: engine.engine,
            residency: placement.residency.request)
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
