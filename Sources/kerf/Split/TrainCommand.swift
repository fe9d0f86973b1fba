import ArgumentParser
import CARD
import CommandSupport
import Instrumentation
import ModelFiles
import SplitTraining
import SystemIO
import TransformerKernels

/// `kerf train`: a device's side of split training, or the whole training in one process.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tune a model by LoRA on this device's data, with a server for the upper layers.",
        discussion: """
            Blocks 1 to the cut run here, the others and the loss on the server. At cut 0 the server runs all layers, at \
            the last cut this device does. After a crash of either side start the same command again: training goes on \
            after the last committed turn, and ends with the same bytes.

            --out receives the adapters in PEFT's format (adapters/) and run.json, with time and energy of both sides.

            EXAMPLE
              kerf train --server 192.0.2.7:4433 --keys keys/pi-4 --model smollm2-135m --weights SmolLM2.gguf \\
                --data notes.txt --cut 4 --steps 200 --out trained
              kerf train --unsplit --model smollm2-135m --data notes.ids --steps 200 --out reference
            """)

    @OptionGroup var client: SplitClientOptions
    @OptionGroup var patience: RetryOptions

    @Flag(help: "Train the whole model in this process, without a server: the reference.")
    var unsplit = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var input: TrainingDataOptions

    @Option(help: ArgumentHelp("Blocks 1 to this one run here.", valueName: "number"))
    var cut: Int?

    @Option(help: ArgumentHelp("Cut as a decision by `kerf decide` says.", valueName: "decision.json"))
    var decision: String?

    @Flag(help: "Set the server to the decided frequency; it must be started with --allow-frequency.")
    var setFrequency = false

    @OptionGroup(title: "Deciding anew") var deciding: AdaptOptions
    @OptionGroup var training: TrainingOptions
    @OptionGroup(title: "Energy") var metering: MeterOptions

    @Option(help: ArgumentHelp("Optimizer steps of this device.", valueName: "number"))
    var steps = 100

    @Option(help: ArgumentHelp("Optimizer steps of a turn, after which the state is durable.", valueName: "number"))
    var turnSteps = 10

    @Option(help: ArgumentHelp("Folder for the adapters and run.json; made if it does not exist.", valueName: "dir"))
    var out: String

    @Flag(help: "Also write timeline.csv: what both sides did, moment by moment.")
    var timeline = false

    @Flag(help: "Print run.json.")
    var json = false

    @Flag(help: "Print progress as JSON lines instead of a summary; the last line says how the run ended.")
    var watch = false

    @Flag(help: "Show no progress.")
    var quiet = false

    func validate() throws {
        try ProgressStream.check(watch: watch, json: json)
        guard (1...TrainingState.maximumSteps).contains(steps) else {
            throw ValidationError("--steps must be between 1 and \(TrainingState.maximumSteps), not \(steps)")
        }
        guard (1...10_000).contains(turnSteps) else {
            throw ValidationError("--turn-steps must be between 1 and 10000, not \(turnSteps)")
        }
        let ways = [("--cut", cut != nil), ("--decision", decision != nil), ("--adapt", deciding.adapt)].filter(\.1)
        guard unsplit else {
            try client.requireServer()
            guard ways.count == 1 else { throw ValidationError("give one of --cut, --decision and --adapt") }
            if setFrequency, cut != nil { throw ValidationError("--set-frequency needs --decision or --adapt") }
            return
        }
        let others = [("--timeline", timeline), ("--set-frequency", setFrequency)]
        if let name = client.firstGiven ?? metering.firstGiven ?? (ways + others).first(where: \.1)?.0 {
            throw ValidationError("--unsplit needs no \(name)")
        }
    }

    func run() throws {
        let stream = ProgressStream(command: "train", isOn: watch)
        try ErrorReport.reportingInterruptibly {
            let run = try stream.watching { try train(stream) }
            Interruption.unwatch()
            guard !watch else { return try stream.end(RunEnd(done: out)) }
            print(json ? try KerfJSON.text(of: run) : run.summary(folder: out))
        }
    }

    /// Trains, and writes what comes of it to `out`.
    private func train(_ stream: ProgressStream) throws -> SplitRun {
        let setup = try TrainingSetup(model, training, steps: steps)
        let data = try input.open(
            weights: model.weights, settings: setup.settings, vocabularySize: setup.source.config.vocabularySize)
        let folder = try RunFolder(path: out)
        defer { folder.discardIfEmpty() }
        let progress = TrainingProgress(steps: steps, isQuiet: quiet, stream: stream)
        defer { progress.end() }
        let run = try unsplit ? trainUnsplit(setup, data, folder, progress) : trainSplit(setup, data, folder, progress)
        try folder.write(run)
        return run
    }

    private static let remedy: Remedy = "start it again: it goes on after the last committed turn"

    private func trainSplit(
        _ setup: TrainingSetup, _ data: TrainingInput, _ folder: RunFolder, _ progress: TrainingProgress
    ) throws -> SplitRun {
        let policy = try policy(setup)
        let connect = try client.connect()
        let selection = try MeterSelection.choose(metering.request)
        defer { selection.close() }
        let meter = try RunMeter.ofCommand(selection, sharesBox: try client.isOnThisBox)
        let run = DeviceRun(
            job: setup.job(
                steps: steps, turnSteps: turnSteps, dataSHA256: data.source.sha256, validation: data.validation,
                batch: { data.batch($0) }),
            source: setup.source, policy: policy, meter: meter, retrySeconds: patience.retry, connect: connect,
            engine: setup.engine)
        let (shape, deviceMeter, cut) = (client.shape, SideMeter(meter), (policy as? FixedCut)?.cut)
        let record = RunRecord(folder) { result in
            SplitRun(
                model: setup.source.config.name, weights: setup.weights, data: data.source, settings: setup.settings,
                cut: cut, linkShape: shape, deviceMeter: deviceMeter, serverMeter: result.serverMeter,
                losses: result.losses, turns: result.turns, reconnections: result.reconnections)
        }
        let start = MonotonicInstant.now()
        let result = try AsynchronousWork.runInterruptibly(remedy: Self.remedy) {
            try await run.run(report: { progress.report($0) }, committed: { try record.update($0) })
        }
        try folder.write(result.adapters, of: setup.source.config, lora: setup.settings.lora)
        if timeline { try folder.writeTimeline(of: result.turns, since: start) }
        return record.run(result)
    }

    private func trainUnsplit(
        _ setup: TrainingSetup, _ data: TrainingInput, _ folder: RunFolder, _ progress: TrainingProgress
    ) throws -> SplitRun {
        let (turn, parameters) = try AsynchronousWork.runInterruptibly(remedy: "start it again") {
            try await UnsplitRun(
                source: setup.source, settings: setup.settings,
                activationCheckpointing: setup.activationCheckpointing, engine: setup.engine
            ).run(
                steps: steps, validation: data.validation, batch: { data.batch($0) }
            ) { progress.report($0) }
        }
        try folder.write(parameters, of: setup.source.config, lora: setup.settings.lora)
        return SplitRun(
            model: setup.source.config.name, weights: setup.weights, data: data.source, settings: setup.settings,
            cut: nil, linkShape: nil, deviceMeter: nil, serverMeter: nil, losses: turn.losses, turns: [turn],
            reconnections: 0)
    }

    private func policy(_ setup: TrainingSetup) throws -> any CutPolicy {
        let config = setup.source.config
        if deciding.adapt {
            return try deciding.policy(setup, turnSteps: turnSteps, setsFrequency: setFrequency)
        }
        let fixed =
            try cut.map { FixedCut($0) }
            ?? FixedCut(KerfJSON.read(Decision.self, at: decision ?? "").file, of: config, setsFrequency: setFrequency)
        guard (0...config.blockCount).contains(fixed.cut) else {
            throw KerfError(
                .invalidArgument, "there is no cut \(fixed.cut): \(config.name) has \(config.blockCount) blocks")
        }
        return fixed
    }
}
