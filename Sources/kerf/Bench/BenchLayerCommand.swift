import ArgumentParser
import CommandSupport
import Instrumentation
import ModelFiles
import Profiling
import Reporting
import SystemIO
import TransformerKernels

/// `kerf bench layer`: one block against the bare matrix products of the same shapes.
struct BenchLayerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layer",
        abstract: "Time one decoder block against the bare matrix products of its shapes.",
        discussion: """
            Runs forward and backward passes of one LoRA block on random numbers and, interleaved in random order, \
            the matrix products of its seven projections alone, with the same engine and layout. The ratio of the two \
            rates is the share of the engine's speed that reaches a layer.

            --paced runs one round for every line on standard input and prints a line of JSON for it, so that another \
            program can be measured in alternation (Benchmarks/torch_block.py).

            EXAMPLE
              kerf bench layer --model llama-3.2-1b --dtype bf16 --seq 512 \\
                --targets all
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var placement: PlacementOptions

    @Option(help: ArgumentHelp("Rounds to time.", valueName: "number"))
    var rounds = 15

    @Flag(help: "Time the block only, without the bare products.")
    var blockOnly = false

    @Flag(help: "Run one round for each line on standard input.")
    var paced = false

    @Flag(help: "Print the result as JSON instead of tables.")
    var json = false

    func validate() throws {
        guard (1...100_000).contains(rounds) else {
            throw ValidationError("--rounds must be between 1 and 100000, not \(rounds)")
        }
        guard placement.residency != .one else {
            throw ValidationError("--residency one has no effect on a single block; leave it out")
        }
        if paced && json { throw ValidationError("--paced prints JSON already; leave out --json") }
    }

    func run() throws {
        try ErrorReport.reporting { try bench() }
    }

    private func bench() throws {
        Interruption.watch()
        let baseline = ResidentMemory.now()
        let source = try model.open(seed: 1)
        let workload = try workload.workload(placement)
        let engine = try workload.matrixEngine()
        let stack = try workload.block(source: source, engine: engine)
        let bare =
            blockOnly
            ? nil
            : try BareProducts(
                model: source.config, batch: stack.batch, format: stack.format, engine: engine)
        let benchmark = LayerBenchmark(stack: stack, bare: bare)
        try benchmark.warmUp()
        if paced { return try pace(benchmark, baseline: baseline) }
        let samples = try benchmark.run(rounds: rounds, shouldStop: { Interruption.isRequested })
        if Interruption.isRequested { throw KerfError(.interrupted, "interrupted; nothing was printed") }
        let kernels = try stack.kernelTimes(rounds: min(rounds, 5))
        let report = BlockReport(
            stack: stack, bareFlops: bare?.flops, samples: samples, kernelSeconds: kernels,
            resident: bare == nil ? ResidentMemory.now() - baseline : nil)
        if json {
            print(try KerfJSON.text(of: report))
        } else {
            print(report.text, terminator: "")
        }
    }

    /// One round of --paced: seconds of each pass, and the peak of resident memory in bytes.
    private struct Round: Encodable {
        var blockForward, blockBackward, bareForward, bareBackward: Double?
        var peakBytes: Int?
    }

    private func pace(_ benchmark: LayerBenchmark, baseline: ResidentMemory) throws {
        while readLine() != nil {
            let seconds = try benchmark.round()
            print(
                try KerfJSON.line(
                    of: Round(
                        blockForward: seconds[.blockForward], blockBackward: seconds[.blockBackward],
                        bareForward: seconds[.bareForward], bareBackward: seconds[.bareBackward],
                        peakBytes: (ResidentMemory.now() - baseline).peakBytes)))
            guard StandardStreams.outputArrived() else { return }
        }
    }
}
