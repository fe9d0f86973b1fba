import ArgumentParser
import Calibration
import Instrumentation
import Logging
import ProfileFormat
import Reporting
import SystemIO

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
              sudo kerf profile --model smollm2-135m --frequencies all \\
                --out profile.json
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var sweep: SweepOptions

    @Option(help: ArgumentHelp("Time for the run, warm-up included.", valueName: "seconds"))
    var budget = 60.0

    @Option(help: ArgumentHelp("Half width of the 95 % interval at which a time is good enough.", valueName: "percent"))
    var targetCi = 2.0

    @OptionGroup var metering: MeterOptions

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
            throw ValidationError("--budget must be above 0 and at most 604800 seconds, not \(budget)")
        }
        guard targetCi > 0, targetCi <= 100 else {
            throw ValidationError("--target-ci must be above 0 and at most 100 percent, not \(targetCi)")
        }
        guard seed >= 0 else { throw ValidationError("--seed must not be negative") }
    }

    func run() throws {
        try ErrorReport.reporting { try profile() }
    }

    private func profile() throws {
        Interruption.watch()
        try OutputFile.checkPlace(out)
        try OutputGuard.check(out, isNoneOf: [model.model, model.weights].compactMap(\.self))
        let progress = ProgressLine(quiet: quiet)
        var logger = Logger(label: "kerf.profiling", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = verbose ? .debug : .warning
        var run = try ProfileRun(
            source: try model.open(seed: UInt64(seed)), request: try request(),
            shouldStop: { Interruption.isRequested },
            progress: { if let state = $0 { progress.show(state) } else { progress.finish() } }, logger: logger
        ).run()
        run.profile.checks = Calibrator.checks(of: run.profile)
        let bytes = try KerfJSON.encode(run.profile)
        // The file comes first: whatever happens to the summary or the frequency limits, the run is not lost.
        try AtomicFile.write(bytes, to: out)
        Interruption.unwatch()
        if json {
            print(String(decoding: bytes, as: UTF8.self), terminator: "")
        } else {
            let summary = try Calibrator.calibrate([Calibrator.Input(name: out, bytes: bytes)])
            print(run.profile.report(summary), terminator: "")
            for what in run.unmonitored { print("not monitored: \(what)") }
            for what in run.notSwept { print("frequency not swept: \(PlainText.shown(what))") }
            print("written: \(out)")
        }
        if let failure = run.frequencyFailure { throw failure }
    }

    private func request() throws -> ProfileRequest {
        ProfileRequest(
            workload: try workload.workload(), meter: metering.request, frequencies: sweep.frequencies,
            budgetSeconds: budget, sweepBudgetSeconds: sweep.sweepBudget, targetRelativeHalfWidth: targetCi / 100,
            seed: seed, requiresEnergy: requireEnergy)
    }
}
