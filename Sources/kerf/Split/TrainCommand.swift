import ArgumentParser
import CARD
import CommandSupport
import ModelFiles
import SplitTraining
import SystemIO
import SystemPackage
import TransformerKernels
import Workload

/// `kerf train`: a device's side of split training, or the whole training in one process.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tune a model by LoRA on this device's data, with a server for the upper layers.",
        discussion: """
            Blocks 1 to the cut run here, the others and the loss on the server. At cut 0 the server runs all layers, at \
            the last cut this device does. After a crash of either side start the same command again: training goes on \
            after the last committed turn, and ends with the same bytes.

            --out receives the adapters in PEFT's format (adapters/) and run.json.

            EXAMPLE
              kerf train --server 192.0.2.7:4433 --keys keys/pi-4 --model smollm2-135m --weights SmolLM2.gguf \\
                --data notes.txt --cut 4 --steps 200 --out trained
              kerf train --unsplit --model smollm2-135m --data notes.ids --steps 200 --out reference
            """)

    @Option(help: ArgumentHelp("The server.", valueName: "host:port"))
    var server: String?

    @Option(help: ArgumentHelp("This device's folder of keys.", valueName: "dir"))
    var keys: String?

    @Flag(help: "Train without keys and TLS, with a server on this machine only.")
    var insecure = false

    @Flag(help: "Train the whole model in this process, without a server: the reference.")
    var unsplit = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var input: TrainingDataOptions

    @Option(help: ArgumentHelp("Blocks 1 to this one run here.", valueName: "number"))
    var cut: Int?

    @Option(help: ArgumentHelp("Cut as a decision by `kerf decide` says.", valueName: "decision.json"))
    var decision: String?

    @OptionGroup var training: TrainingOptions

    @Option(help: ArgumentHelp("Optimizer steps of a turn, after which the state is durable.", valueName: "number"))
    var turnSteps = 10

    @Option(
        help: ArgumentHelp(
            "Imitate a slower link, like up=20mbit,down=80mbit,rtt=20ms.", valueName: "up=R,down=R,rtt=T"))
    var shape: String?

    @Option(
        help: ArgumentHelp("Time without progress after which a lost connection ends the run.", valueName: "seconds"))
    var retry = 60.0

    @Option(help: ArgumentHelp("Folder for the adapters and run.json; made if it does not exist.", valueName: "dir"))
    var out: String

    @Flag(help: "Print run.json.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        guard (1...10_000).contains(turnSteps) else {
            throw ValidationError("--turn-steps must be between 1 and 10000, not \(turnSteps)")
        }
        guard retry >= 0, retry <= 7 * 86400 else {
            throw ValidationError("--retry must be between 0 and 604800 seconds, not \(retry)")
        }
        if unsplit {
            let others: [(String, Bool)] = [
                ("--server", server != nil), ("--keys", keys != nil), ("--insecure", insecure), ("--cut", cut != nil),
                ("--decision", decision != nil), ("--shape", shape != nil),
            ]
            if let (name, _) = others.first(where: \.1) { throw ValidationError("--unsplit needs no \(name)") }
        } else {
            guard server != nil else { throw ValidationError("give --server, or --unsplit") }
            guard (keys == nil) == insecure else { throw ValidationError("give either --keys or --insecure") }
            guard (cut == nil) != (decision == nil) else { throw ValidationError("give either --cut or --decision") }
        }
    }

    func run() throws {
        try ErrorReport.reporting {
            let settings = try training.settings()
            let source = try model.open(seed: training.weightsSeed)
            let data = try input.open(
                weights: model.weights, settings: settings, vocabularySize: source.config.vocabularySize)
            let output = try TrainingOutput(folder: out)
            let identity = try WeightIdentity.text(
                weights: model.weights.map { FilePath($0) }, seed: training.weightsSeed)
            let run =
                unsplit
                ? try trainUnsplit(source, settings, data, identity, output)
                : try trainSplit(source, settings, data, identity, output)
            try output.write(run)
            print(json ? try KerfJSON.text(of: run) : TrainingOutput.summary(of: run, folder: out))
        }
    }

    private func trainSplit(
        _ source: any WeightSource, _ settings: TrainingSettings, _ data: TrainingInput, _ identity: String,
        _ output: TrainingOutput
    ) throws -> SplitRun {
        let address = try HostPort(parsing: server ?? "")
        let security = try SplitSecurity.device(keys: keys)
        let cut = try chosenCut(source.config)
        let shape = try shape.map { try LinkShape(parsing: $0) }
        let job = DeviceSession.Job(
            model: RunTerm.model(source.config, weights: identity), settings: settings,
            dataSHA256: data.source.sha256, steps: training.steps, turnSteps: turnSteps,
            validation: data.validation, batch: { data.batch($0) })
        let run = DeviceRun(
            job: job, source: source, cut: cut, retrySeconds: retry,
            connect: { body in
                try await FrameClient.connect(to: address, security: security) { channel in
                    guard let shape else { return try await body(FrameMessageChannel(channel)) }
                    try await ShapedChannel.with(channel, shape: shape) { try await body(FrameMessageChannel($0)) }
                }
            }, engine: engineMaker)
        let progress = TrainingProgress(steps: training.steps, isQuiet: quiet)
        let result = try AsynchronousWork.runInterruptibly(
            remedy: "start it again: it goes on after the last committed turn"
        ) { try await run.run { progress.report($0) } }
        progress.end()
        var adapters = AdapterTensors(model: source.config, lora: settings.lora)
        for (block, values) in result.adapters.enumerated() { adapters[block: block] = values }
        try output.write(adapters, baseModel: source.config.name)
        return SplitRun(
            model: source.config.name, weights: identity, data: data.source, settings: settings, cut: cut,
            linkShape: self.shape, losses: result.losses, turns: result.turns, reconnections: result.reconnections)
    }

    private func trainUnsplit(
        _ source: any WeightSource, _ settings: TrainingSettings, _ data: TrainingInput, _ identity: String,
        _ output: TrainingOutput
    ) throws -> SplitRun {
        let progress = TrainingProgress(steps: training.steps, isQuiet: quiet)
        let steps = training.steps
        let (turn, parameters) = try AsynchronousWork.runInterruptibly(
            remedy: "start it again: it goes on after the last committed turn"
        ) {
            try await UnsplitRun(source: source, settings: settings, engine: engineMaker).run(
                steps: steps, validation: data.validation, batch: { data.batch($0) }
            ) { progress.report($0) }
        }
        progress.end()
        var adapters = AdapterTensors(model: source.config, lora: settings.lora)
        for (block, values) in parameters.enumerated() { adapters[block: block] = values }
        try output.write(adapters, baseModel: source.config.name)
        return SplitRun(
            model: source.config.name, weights: identity, data: data.source, settings: settings, cut: nil,
            linkShape: nil, losses: turn.losses, turns: [turn], reconnections: 0)
    }

    private var engineMaker: @Sendable () throws -> any MatrixEngine {
        let (name, threads) = (training.workload.engine, training.workload.threads)
        return {
            try name.map { try MatrixEngines.named($0, threadCount: threads) }
                ?? MatrixEngines.default(threadCount: threads)
        }
    }

    private func chosenCut(_ config: ModelConfig) throws -> Int {
        let chosen = try cut ?? KerfJSON.read(Decision.self, at: decision ?? "").file.choice.cut
        guard (0...config.blockCount).contains(chosen) else {
            throw KerfError(
                .invalidArgument, "there is no cut \(chosen): \(config.name) has \(config.blockCount) blocks")
        }
        return chosen
    }
}
