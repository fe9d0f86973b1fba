import ArgumentParser
import Calibration
import CommandSupport
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
            Runs LoRA training steps of the model, times every layer, direction and kernel in them, and repeats each \
            layer in windows to attribute energy where a meter is available. Ends when every 95 % interval is within \
            --target-ci, or when --budget is used up. Raw samples go to --out.

            After -- comes a program that runs the step itself, such as a training with PyTorch: it calls \
            kerf.torch.serve (see Python/README.md), and Kerf asks it for steps and layers.

            Without --weights the layers run on seeded random weights of the same shapes, which cost the same.

            --board DIR measures energy on a virtual board: the one that `kerf board` serves there, or one served for \
            the run. Its values are labeled simulated.

            --meter-command PROGRAM takes the energy from a meter that another program reads: a wall plug, a laboratory \
            meter. How late its samples are is found with a load that is known, for some twenty samples before the run.

            EXAMPLE
              kerf profile --model llama-3.2-1b --seq 128 --out profile.json
              kerf profile --model smollm2-135m --board board \\
                --out profile.json
              sudo kerf profile --model smollm2-135m --frequencies all \\
                --out profile.json
              kerf profile --out profile.json -- python3 train.py
              kerf profile --model smollm2-135m --budget 900 \\
                --meter-command "python3 plug.py 192.168.1.20" \\
                --out profile.json
            """)

    @OptionGroup var subject: ProfileSubjectOptions
    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var placement: PlacementOptions
    @OptionGroup var sweep: SweepOptions

    @OptionGroup var profiling: ProfilingOptions
    @OptionGroup var metering: MeterOptions
    @OptionGroup var program: MeterCommandOptions

    @Flag(help: "Fail if no energy meter can be read.")
    var requireEnergy = false

    @Option(help: ArgumentHelp("Profile to write.", valueName: "profile.json"))
    var out: String

    @Flag(help: "Print the profile as JSON instead of a summary.")
    var json = false

    @Flag(help: "Show no progress.")
    var quiet = false

    @Flag(help: "Log cycles and rejected windows to standard error.")
    var verbose = false

    func validate() throws { try program.check(beside: metering) }

    func run() throws {
        try ErrorReport.reporting {
            let written = try measure()
            Interruption.unwatch()
            // What went wrong in the run is what is reported, whatever its profile is good for.
            let failure = written.run.stepFailure ?? written.run.frequencyFailure
            do {
                try Printed.print(
                    asJSON: json, written.bytes, or: written.report(try written.calibration()), written: out)
            } catch {
                throw failure ?? error
            }
            if let failure { throw failure }
        }
    }

    /// Runs the experiment and writes the profile to `out`.
    func measure() throws -> WrittenProfile {
        Interruption.watch()
        try OutputFile.checkPlace(out)
        try OutputGuard.check(out, isNoneOf: [subject.model, subject.weights].compactMap(\.self))
        let progress = ProgressLine(quiet: quiet)
        var logger = Logger(label: "kerf.profiling", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = verbose ? .debug : .warning
        let run = try ProfileRun(
            try subject.subject(seed: UInt64(profiling.seed)), request: try request(),
            shouldStop: { Interruption.isRequested },
            progress: { if let state = $0 { progress.show(state) } else { progress.finish() } }, logger: logger
        ).run()
        return try WrittenProfile(run, path: out)
    }

    private func request() throws -> ProfileRequest {
        var meter = metering.request
        meter.command = program.meterCommand
        return ProfileRequest(
            workload: try workload.workload(placement), meter: meter, frequencies: sweep.frequencies,
            budgetSeconds: profiling.budget, sweepBudgetSeconds: sweep.sweepBudget,
            targetRelativeHalfWidth: profiling.targetCi / 100, seed: profiling.seed, requiresEnergy: requireEnergy,
            ignoresLoad: BusyMachine.isAccepted)
    }
}

/// A finished run whose profile is in its file.
struct WrittenProfile {
    let run: ProfileRun.Result
    private let path: String
    let bytes: [UInt8]

    /// Writes the profile, with its checks, before anything else is done with it: a failure to print the summary or to
    /// restore the frequency limits does not lose the run.
    init(_ run: ProfileRun.Result, path: String) throws {
        var run = run
        run.profile.checks = Calibrator.checks(of: run.profile)
        self.run = run
        self.path = path
        bytes = try KerfJSON.encode(run.profile)
        try AtomicFile.write(bytes, to: path)
    }

    /// The calibration from this profile alone.
    func calibration() throws -> Calibration {
        try Calibrator.calibrate([Calibrator.Input(name: path, bytes: bytes)])
    }

    func report(_ calibration: Calibration) -> String {
        run.profile.report(calibration)
            + run.unmonitored.map { "not monitored: \($0)\n" }.joined()
            + run.notSwept.map { "frequency not swept: \(PlainText.shown($0))\n" }.joined()
    }
}
