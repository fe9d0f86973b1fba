import ArgumentParser
import CPUFreq
import Calibration
import Host
import Logging
import ModelFiles
import ProbeKit
import Profiling
import Reporting
import Statistics
import TransformerKernels

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

        let energy = try MeterSelection.choose(metering)
        defer { energy.close() }
        if requireEnergy, energy.meter == nil {
            throw KerfFailure(
                .unavailable,
                "--require-energy: \(energy.description.reason ?? "no energy meter"), or with --board DIR")
        }
        let inspection = BoxInspection(
            host: identity, clockHertz: host.clockHertz(), meterRoot: energy.root)
        let conditions = ConditionsMonitor(host, clockRoot: energy.root, meterOrigin: energy.description.origin)
        let clocks = try ClockSweep.prepare(sweep.frequencies, root: energy.root)
        let run = try measure(Measuring(source: source, engine: engine, energy: energy, conditions: conditions), clocks)
        let record = run.record

        let meter = energy.finalDescription.after(record)
        let lost =
            meter.origin == .unavailable
            ? meter.reason ?? "the meter failed during the run"
            : run.sweep?.visits.compactMap(\.meterFailure).first
        if requireEnergy, let lost {
            if let failure = run.clockFailure { throw failure }
            throw KerfFailure(.unavailable, "--require-energy: \(lost)")
        }
        var profile = Profile(
            kerfVersion: KerfVersion.current, created: currentTimestamp(), box: inspection.identity(engine: engine),
            frequency: inspection.frequency(during: record.clockHertz),
            rated: inspection.rated(threads: engine.threadCount), meter: meter,
            model: ModelDescription(source), workload: run.workload,
            settings: ProfileSettings(
                budgetSeconds: budget, targetRelativeHalfWidth: targetCi / 100, confidence: 0.95, seed: seed,
                weightResidency: run.residency.rawValue),
            peaks: run.peaks, layers: run.layers, steps: record.steps,
            layerTimes: record.layerTimes, instrumentedSteps: record.instrumentedSteps,
            ownCostPairs: record.ownCostPairs.isEmpty ? nil : record.ownCostPairs,
            stepTraces: record.traces.isEmpty ? nil : record.traces, idleWindows: record.idleWindows,
            energyWindows: record.energyWindows, rejections: record.rejections, overhead: record.overhead,
            frequencySweep: run.sweep)
        profile.checks = Calibrator.checks(of: profile)
        let bytes = try KerfJSON.encode(profile)
        // First the file: whatever happens to the summary or the clock, the run is not lost.
        try AtomicFile.write(bytes, to: out)
        Interruption.unwatch()
        if json {
            print(String(decoding: bytes, as: UTF8.self), terminator: "")
        } else {
            let summary = try Calibrator.calibrate([Calibrator.Input(name: out, bytes: bytes)])
            print(profile.report(summary), terminator: "")
            for what in conditions.unwatched { print("not watched: \(what)") }
            for what in clocks.notSwept + run.notSwept { print("clock not swept: \(PlainText.shown(what))") }
            print("written: \(out)")
        }
        if let failure = run.clockFailure { throw failure }
    }
}
