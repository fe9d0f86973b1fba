import ArgumentParser
import CommandSupport
import Instrumentation
import ModelFiles
import ProfileFormat
import Profiling
import Reporting
import SystemIO
import TransformerKernels
import Workload

/// `kerf bench layer`: one block against the bare matrix products of the same shapes.
struct BenchLayerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layer",
        abstract: "Time one decoder block against the bare matrix products of its shapes.",
        discussion: """
            Runs forward and backward passes of one LoRA block on random numbers and, interleaved in random order, \
            the matrix products of its seven projections alone: with the same engine, and with every other one that \
            computes the number format. As many operations in registers show what the processor's multiply-add units, or \
            its tiles (AMX), could do.

            --block-only leaves out all but the block, and --paced the other engines and the units.

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
        let engine = try workload.matrixEngine(quantized: source.isQuantized)
        let stack = try workload.block(source: source, engine: engine)
        let products = blockOnly ? [] : try products(source.config, stack, engine)
        let benchmark = LayerBenchmark(stack: stack, products: products)
        try benchmark.warmUp()
        if paced { return try pace(benchmark, engine: engine.identity.name, baseline: baseline) }
        let samples = try benchmark.run(rounds: rounds, shouldStop: { Interruption.isRequested })
        if Interruption.isRequested { throw KerfError(.interrupted, "interrupted; nothing was printed") }
        let kernels = try stack.kernelTimes(rounds: min(rounds, 5))
        let report = BlockReport(
            stack: stack, products: products, samples: samples, kernelSeconds: kernels,
            resident: products.isEmpty ? ResidentMemory.now() - baseline : nil)
        if json {
            print(try KerfJSON.text(of: report))
        } else {
            print(report.text, terminator: "")
        }
    }

    /// The products of the block's engine, and then of the others; one that fails is told of and left out.
    private func products(
        _ model: ModelConfig, _ stack: LayerStack, _ engine: any MatrixEngine
    ) throws -> [BareProducts] {
        let own = try BareProducts(model: model, batch: stack.batch, format: stack.format, engine: engine)
        guard !paced else { return [own] }
        return try [own]
            + MatrixEngines.names.filter { $0 != engine.identity.name }.compactMap { name in
                do {
                    return try BareProducts(
                        model: model, batch: stack.batch, format: stack.format,
                        engine: MatrixEngines.named(name, threadCount: engine.threadCount))
                } catch let error as KerfError {
                    StandardError.write("kerf: the engine \(name) is left out: \(error.message)\n")
                    return nil
                }
            }
    }

    /// One round of --paced: seconds of each pass, and the peak of resident memory in bytes.
    private struct Round: Encodable {
        var blockForward, blockBackward, bareForward, bareBackward: Double?
        var peakBytes: Int?
    }

    private func pace(_ benchmark: LayerBenchmark, engine: String, baseline: ResidentMemory) throws {
        while readLine() != nil {
            let seconds = try benchmark.round()
            print(
                try KerfJSON.line(
                    of: Round(
                        blockForward: seconds[.block(.forward)], blockBackward: seconds[.block(.backward)],
                        bareForward: seconds[.products(engine, .forward)],
                        bareBackward: seconds[.products(engine, .backward)],
                        peakBytes: (ResidentMemory.now() - baseline).peakBytes)))
            guard StandardStreams.outputArrived() else { return }
        }
    }
}
