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

            Lists such as --seq 128,256,512 profile every combination, with --budget for each and in random order, into \
            files of the folder --out: seq128-batch1-rank8.json and so on. Run again after an interruption, the same \
            command goes on with what is missing. kerf calibrate makes time and energy over the workload of them.

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
              kerf profile --model smollm2-135m --seq 128,256,512 \\
                --out profiles
            """)

    @OptionGroup var subject: ProfileSubjectOptions
    @OptionGroup var workload: WorkloadListOptions
    @OptionGroup var placement: PlacementOptions
    @OptionGroup var sweep: SweepOptions

    @OptionGroup var profiling: ProfilingOptions
    @OptionGroup var metering: MeterOptions
    @OptionGroup var program: MeterCommandOptions

    @Flag(help: "Fail if no energy meter can be read.")
    var requireEnergy = false

    @Option(
        help: ArgumentHelp("Profile to write, or the folder for those of several workloads.", valueName: "profile.json")
    )
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
        try program.check(beside: metering)
        try ProgressStream.check(watch: watch, json: json)
        guard workload.count > 1, out.hasSuffix(".json") else { return }
        throw ValidationError(
            "--out names a folder where \(workload.count) workloads are profiled, not a file such as \(out)")
    }

    func run() throws {
        let stream = ProgressStream(command: "profile", isOn: watch)
        try ErrorReport.reporting {
            if workload.count > 1 { return try sweepWorkloads(stream) }
            let written = try stream.watching { try measure(stream) }
            Interruption.unwatch()
            do {
                if watch {
                    try stream.end(
                        written.failure.map { RunEnd($0, file: out) }
                            ?? RunEnd(done: out, stoppedBy: written.run.isSettled ? .target : .budget))
                } else {
                    try Printed.print(
                        asJSON: json, written.bytes, or: written.report(try written.calibration()), written: out)
                }
            } catch {
                throw written.failure ?? error
            }
            if let failure = written.failure { throw failure }
        }
    }

    /// Runs the experiment for one workload and writes the profile to `out`.
    ///
    /// - Parameter stream: takes the progress beside the line on standard error.
    func measure(_ stream: ProgressStream? = nil) throws -> WrittenProfile {
        Interruption.watch()
        try OutputFile.checkPlace(out)
        try OutputGuard.check(out, isNoneOf: inputs)
        let request = try requests()[0]
        return try WrittenProfile(
            try profile(try subject.subject(seed: UInt64(profiling.seed)), request, stream), path: out)
    }

    /// Profiles every combination of the lists into the folder `out`.
    private func sweepWorkloads(_ stream: ProgressStream) throws {
        let outcome = try stream.watching {
            Interruption.watch()
            try OutputGuard.check(out, isNoneOf: inputs)
            let source = try subject.subject(seed: UInt64(profiling.seed))
            return try WorkloadSweep(source, try requests(), into: out, isQuiet: quiet) {
                try profile(source, $0, stream)
            }.run()
        }
        guard !watch else { return try stream.end(RunEnd(done: out)) }
        let summary = SweepSummary(outcome.profiles.map { SweptWorkload($0) }, notes: outcome.notes)
        Printed.print(asJSON: json, try KerfJSON.encode(summary), or: summary.text, written: out)
    }

    private var inputs: [String] { [subject.model, subject.weights].compactMap(\.self) }

    private func profile(
        _ subject: ProfileSubject, _ request: ProfileRequest, _ stream: ProgressStream?
    ) throws -> ProfileRun.Result {
        let progress = ProgressLine(quiet: quiet)
        var logger = Logger(label: "kerf.profiling", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = verbose ? .debug : .warning
        return try ProfileRun(
            subject, request: request, shouldStop: { Interruption.isRequested },
            progress: { state in
                guard let state else { return progress.finish() }
                progress.show(state)
                stream?.show(state, targetRelativeHalfWidth: request.targetRelativeHalfWidth)
            }, logger: logger
        ).run()
    }

    /// One for each workload.
    private func requests() throws -> [ProfileRequest] {
        var meter = metering.request
        meter.command = program.meterCommand
        return try workload.workloads(placement).map {
            ProfileRequest(
                workload: $0, meter: meter, frequencies: sweep.frequencies,
                budgetSeconds: profiling.budget, sweepBudgetSeconds: sweep.sweepBudget,
                targetRelativeHalfWidth: profiling.targetCi / 100, seed: profiling.seed, requiresEnergy: requireEnergy,
                ignoresLoad: BusyMachine.isAccepted)
        }
    }
}

extension WrittenProfile {
    func report(_ calibration: Calibration) -> String {
        run.profile.report(calibration)
            + run.unmonitored.map { "not monitored: \($0)\n" }.joined()
            + run.notSwept.map { "frequency not swept: \(PlainText.shown($0))\n" }.joined()
    }
}

extension SweptWorkload {
    fileprivate init(_ profiled: WorkloadSweep.Profiled) {
        self.init(
            profiled.path, profiled.calibration, disturbances: profiled.disturbances, failures: profiled.failures,
            isResumed: profiled.isResumed)
    }
}
