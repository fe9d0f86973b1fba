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

            EXAMPLE
              kerf profile --model llama-3.2-1b --seq 128 --out profile.json
              kerf profile --model smollm2-135m --board board \\
                --out profile.json
              sudo kerf profile --model smollm2-135m --frequencies all \\
                --out profile.json
              kerf profile --out profile.json -- python3 train.py
            """)

    @OptionGroup var subject: ProfileSubjectOptions
    @OptionGroup var workload: WorkloadOptions
    @OptionGroup var placement: PlacementOptions
    @OptionGroup var sweep: SweepOptions

    @OptionGroup var profiling: ProfilingOptions
    @OptionGroup var metering: MeterOptions

    @Flag(help: "Fail if no energy meter can be read.")
    var requireEnergy = false

    @Option(help: ArgumentHelp("Profile to write.", valueName: "profile.json"))
    var out: String

    @Flag(help: "Print the profile as JSON instead of a summary.")
    var json = false

    @Flag(help: "Print progress as JSON lines instead of a summary; the last line says how the run ended.")
    var watch = false

    @Flag(help: "Show no progress.")
    var quiet = false

    @Flag(help: "Log cycles and rejected windows to standard error.")
    var verbose = false

    func validate() throws {
        try ProgressStream.check(watch: watch, json: json)
    }

    func run() throws {
        let stream = ProgressStream(command: "profile", isOn: watch)
        try ErrorReport.reporting {
            let written = try stream.watching { try measure(stream) }
            Interruption.unwatch()
            // What went wrong in the run is what is reported, whatever its profile is good for.
            let failure = written.run.stepFailure ?? written.run.frequencyFailure
            do {
                if watch {
                    try stream.end(
                        failure.map { RunEnd($0, file: out) }
                            ?? RunEnd(done: out, stoppedBy: written.run.isSettled ? .target : .budget))
                } else {
                    try Printed.print(
                        asJSON: json, written.bytes, or: written.report(try written.calibration()), written: out)
                }
            } catch {
                throw failure ?? error
            }
            if let failure { throw failure }
        }
    }

    /// Runs the experiment and writes the profile to `out`.
    ///
    /// - Parameter stream: takes the progress beside the line on standard error.
    func measure(_ stream: ProgressStream? = nil) throws -> WrittenProfile {
        Interruption.watch()
        try OutputFile.checkPlace(out)
        try OutputGuard.check(out, isNoneOf: [subject.model, subject.weights].compactMap(\.self))
        let progress = ProgressLine(quiet: quiet)
        let target = profiling.targetCi / 100
        var logger = Logger(label: "kerf.profiling", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = verbose ? .debug : .warning
        let run = try ProfileRun(
            try subject.subject(seed: UInt64(profiling.seed)), request: try request(),
            shouldStop: { Interruption.isRequested },
            progress: { state in
                guard let state else { return progress.finish() }
                progress.show(state)
                stream?.show(state, targetRelativeHalfWidth: target)
            }, logger: logger
        ).run()
        return try WrittenProfile(run, path: out)
    }

    private func request() throws -> ProfileRequest {
        ProfileRequest(
            workload: try workload.workload(placement), meter: metering.request, frequencies: sweep.frequencies,
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
