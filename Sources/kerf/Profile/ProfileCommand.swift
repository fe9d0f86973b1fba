import ArgumentParser
import Calibration
import Host
import Logging
import ModelFiles
import ProbeKit
import Profiling
import Reporting
import TransformerKernels
import Statistics

/// `kerf profile`: time and energy of every layer of a model on this box.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Measure time and energy of every layer of a model on this box.",
        discussion: """
            Runs LoRA training steps of the model, times every layer, direction and kernel inside them, and repeats \
            each layer in windows to attribute energy where a meter can be read. Repeats until every 95 % interval \
            is within --target-ci or the budget ends. Raw samples go to --out.

            Without --weights the layers run on seeded random weights of the same shapes, which cost the same.

            --board DIR measures energy on a virtual box: the one that `kerf board` serves there, or one served for \
            the run. All its figures are labelled simulated.

            EXAMPLE
              kerf profile --model llama-3.2-1b --seq 128 --out profile.json
              kerf profile --model smollm2-135m --board board \\
                --out profile.json
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var workload: WorkloadOptions

    @Option(help: ArgumentHelp("Time for the run, warm-up included.", valueName: "seconds"))
    var budget = 60.0

    @Option(help: ArgumentHelp("Half width of the 95 % interval at which a time is good enough.", valueName: "percent"))
    var targetCi = 2.0

    @Option(help: ArgumentHelp("Measure energy on the virtual box at this directory.", valueName: "dir"))
    var board: String?

    @Flag(help: "Fail when no energy meter can be read.")
    var requireEnergy = false

    @Option(help: ArgumentHelp("Seed of the order, the tokens and random weights.", valueName: "number"))
    var seed = 1

    @Option(help: ArgumentHelp("The file to write.", valueName: "profile.json"))
    var out: String

    @Flag(help: "Print the profile as JSON instead of a summary.")
    var json = false

    @Flag(help: "No progress.")
    var quiet = false

    @Flag(help: "Log cycles and rejected windows to standard error.")
    var verbose = false

    func validate() throws {
        guard budget > 0, budget.isFinite, budget <= 7 * 86400 else {
            throw ValidationError("--budget must be between 0 and 604800 seconds, not \(budget)")
        }
        guard targetCi > 0, targetCi <= 100 else {
            throw ValidationError("--target-ci must be between 0 and 100 percent, not \(targetCi)")
        }
        guard board != "" else { throw ValidationError("--board is empty; name a directory") }
        guard seed >= 0 else { throw ValidationError("--seed must not be negative") }
    }

    func run() throws {
        try KerfFailure.reporting { try profile() }
    }

    private func profile() throws {
        Interruption.watch()
        try OutputFile.checkPlace(out)
        try OutputGuard.check(out, isNoneOf: [model.model, model.weights].compactMap(\.self))
        let source = try model.open(seed: UInt64(seed))
        let engine = try workload.matrixEngine()
        let host = HostProbe()
        let identity = try host.identity()

        let energy = try MeterSelection.choose(boardDirectory: board)
        defer { energy.close() }
        if requireEnergy, energy.meter == nil {
            throw KerfFailure(
                .unavailable,
                "--require-energy: \(energy.description.reason ?? "no energy meter"), or with --board DIR")
        }
        let inspection = BoxInspection(
            host: identity, clockHertz: host.clockHertz(), meterRoot: energy.root)
        let stack = try workload.stack(source: source, engine: engine, seed: UInt64(seed))
        let conditions = ConditionsMonitor(host, clockRoot: energy.root, hasMeter: energy.meter != nil)
        let record = try measure(stack, energy: energy, conditions: conditions)

        let meter = energy.description.after(record)
        if requireEnergy, meter.origin == .unavailable {
            throw KerfFailure(.unavailable, "--require-energy: \(meter.reason ?? "the meter failed during the run")")
        }
        var profile = Profile(
            kerfVersion: KerfVersion.current, created: currentTimestamp(), box: inspection.identity(engine: engine),
            frequency: inspection.frequency(during: record.clockHertz),
            rated: inspection.rated(threads: engine.threadCount), meter: meter,
            model: ModelDescription(source), workload: WorkloadDescription(stack),
            settings: ProfileSettings(
                budgetSeconds: budget, targetRelativeHalfWidth: targetCi / 100, confidence: 0.95, seed: seed,
                weightResidency: stack.residency.rawValue),
            layers: LayerDescription.all(of: stack), steps: record.steps, layerTimes: record.layerTimes,
            instrumentedSteps: record.instrumentedSteps, stepTraces: record.traces.isEmpty ? nil : record.traces,
            idleWindows: record.idleWindows, energyWindows: record.energyWindows, rejections: record.rejections,
            overhead: record.overhead)
        profile.checks = Calibrator.checks(of: profile)
        let bytes = try KerfJSON.encode(profile)
        // First the file: whatever happens to the summary, the run is not lost.
        try AtomicFile.write(bytes, to: out)
        if json {
            print(String(decoding: bytes, as: UTF8.self), terminator: "")
        } else {
            let summary = try Calibrator.calibrate([Calibrator.Input(name: out, bytes: bytes)])
            print(profile.report(summary), terminator: "")
            for what in conditions.unwatched { print("not watched: \(what)") }
            print("written: \(out)")
        }
    }

    private func measure(
        _ stack: LayerStack, energy: MeterSelection, conditions: ConditionsMonitor
    ) throws -> ExperimentRecord {
        let progress = ProgressLine(quiet: quiet)
        var logger = Logger(label: "kerf.profiling", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = verbose ? .debug : .warning
        defer { progress.finish() }
        return try Experiment(
            step: stack, meter: energy.meter, updates: energy.description.updates,
            settings: ExperimentSettings(
                budgetSeconds: budget, targetRelativeHalfWidth: targetCi / 100, seed: UInt64(seed)),
            conditions: conditions.now, shouldStop: { Interruption.isRequested }, progress: progress.show,
            logger: logger
        ).run()
    }
}
