import ArgumentParser
import FoundationEssentials
import Instrumentation
import ModelFiles
import Profiling
import SystemIO
import TransformerKernels
import Workload

/// `kerf bench step`: whole training steps, and what they do to the loss.
struct BenchStepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "Time whole LoRA training steps, and print their losses.",
        discussion: """
            Runs forward pass, backward pass and AdamW over all layers, on the same tokens every time. Prints a line of \
            JSON for each step: its loss before the update, and its seconds.

            --tokens and --export-adapters let another program do the same training from the same start \
            (Benchmarks/torch_step.py); --paced waits for a line on standard input before each step.

            EXAMPLE
              kerf bench step --model smollm2-135m --batch 4 --seq 256 --steps 20
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var workload: WorkloadOptions

    @Option(help: ArgumentHelp("Steps to run.", valueName: "number"))
    var steps = 20

    @Option(
        help: ArgumentHelp("Learning rate of AdamW; its other parameters are PyTorch's defaults.", valueName: "rate"))
    var learningRate = 1e-3

    @Option(
        help: ArgumentHelp(
            "JSON list of a list of token ids for each sequence, one more than --seq; targets are the next ones.",
            valueName: "tokens.json"))
    var tokens: String?

    @Option(help: ArgumentHelp("Write the adapters as they start, by PEFT's names.", valueName: "file.safetensors"))
    var exportAdapters: String?

    @Flag(help: "One step for each line on standard input.")
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
        /// Before the update.
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
        let workload = try workload.workload()
        let stack = try workload.stack(source: source, engine: workload.matrixEngine(), seed: 1)
        stack.optimizer.learningRate = learningRate
        if let tokens { try stack.setTokens(fromFile: tokens) }
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

extension LayerStack {
    fileprivate func setTokens(fromFile path: String) throws {
        let bytes = try FileBytes.read(path, limit: 64 << 20)
        guard let rows = try? JSONDecoder().decode([[Int32]].self, from: Data(bytes)) else {
            throw KerfError(.unusableData, "\(path): not a JSON list of lists of token ids")
        }
        guard rows.count == batch.batch, rows.allSatisfy({ $0.count == batch.sequence + 1 }) else {
            throw KerfError(
                .unusableData, "\(path): needs \(batch.batch) lists of \(batch.sequence + 1) ids, for --batch and --seq"
            )
        }
        try setTokens(rows.flatMap { $0.dropLast() }, targets: rows.flatMap { $0.dropFirst() })
    }

    /// The adapters as a safetensors file, named as PEFT names those of a Llama.
    fileprivate func adapterFile() throws -> [UInt8] {
        var file = SafetensorsEncoding()
        for layer in 1...model.blockCount {
            for projection in lora.targets {
                guard let adapter = adapter(layer: layer, projection: projection) else { continue }
                let part = [.q, .k, .v, .o].contains(projection) ? "self_attn" : "mlp"
                let name = "base_model.model.model.layers.\(layer - 1).\(part).\(projection.rawValue)_proj"
                file.append("\(name).lora_A.weight", shape: [adapter.rank, adapter.inputSize], adapter.a)
                file.append("\(name).lora_B.weight", shape: [adapter.outputSize, adapter.rank], adapter.b)
            }
        }
        return try file.bytes()
    }
}
