import ArgumentParser
import CommandSupport
import Instrumentation
import ModelFiles
import Profiling
import SystemIO
import TransformerKernels
import Workload

/// `kerf bench step`: whole training steps and their losses.
struct BenchStepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "Time whole LoRA training steps and print their losses.",
        discussion: """
            Runs the forward pass, the backward pass and AdamW over all layers, on the same tokens in every step. \
            Prints a line of JSON for each step: its seconds, and its loss before the update.

            --tokens and --export-adapters let another program run the same training from the same start \
            (Benchmarks/torch_step.py); --paced waits for a line on standard input before each step.

            EXAMPLE
              kerf bench step --model smollm2-135m --batch 4 --seq 256 --steps 20
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var placement: PlacementOptions

    @Option(help: ArgumentHelp("Steps to run.", valueName: "number"))
    var steps = 20

    @Option(
        help: ArgumentHelp("Learning rate of AdamW; its other parameters are PyTorch's defaults.", valueName: "rate"))
    var learningRate = 1e-3

    @Option(
        help: ArgumentHelp(
            "JSON list with a list of token ids for each sequence, one id more than --seq; a target is the next id.",
            valueName: "tokens.json"))
    var tokens: String?

    @Option(
        help: ArgumentHelp("Write the initial adapters, with the names that PEFT uses.", valueName: "file.safetensors"))
    var exportAdapters: String?

    @Flag(help: "Run one step for each line on standard input.")
    var paced = false

    func validate() throws {
        guard (1...1_000_000).contains(steps) else {
            throw ValidationError("--steps must be between 1 and 1000000, not \(steps)")
        }
        guard learningRate >= 0, learningRate <= 1 else {
            throw ValidationError("--learning-rate must be between 0 and 1, not \(learningRate)")
        }
    }

    func run() throws {
        try ErrorReport.reporting { try bench() }
    }

    private struct Step: Encodable {
        /// Before the update of the adapters.
        var loss: Double
        var seconds: Double
    }

    private func bench() throws {
        Interruption.watch()
        if let exportAdapters {
            try OutputFile.checkPlace(exportAdapters)
            try OutputGuard.check(
                exportAdapters, isNoneOf: [model.model, model.weights, tokens].compactMap(\.self))
        }
        let source = try model.open(seed: 1)
        let workload = try workload.workload(placement)
        let engine = try workload.matrixEngine(quantized: source.isQuantized)
        let stack = try workload.stack(source: source, engine: engine, seed: 1)
        stack.optimizer.learningRate = learningRate
        if let tokens {
            let pairs = try TokenFile(path: tokens).trainingPairs(
                batch: stack.batch.batch, length: stack.batch.sequence)
            try stack.setTokens(pairs.inputs, targets: pairs.targets)
        }
        if let exportAdapters { try AtomicFile.write(stack.adapterFile(), to: exportAdapters) }
        let clock = SystemClock()
        for _ in 0..<steps {
            if paced && readLine() == nil { return }
            if Interruption.isRequested { throw KerfError(.interrupted, "interrupted before the last step") }
            let began = clock.now()
            try stack.step()
            print(try KerfJSON.line(of: Step(loss: stack.loss, seconds: clock.now().seconds(since: began))))
            guard StandardStreams.outputArrived() else { return }
        }
    }
}
