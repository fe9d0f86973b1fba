import ArgumentParser
import CARD
import Calibration
import CommandSupport
import Instrumentation
import ModelFiles
import ProfileFormat
import Reporting
import SplitTraining
import SystemIO
import Validation

/// `kerf validate`: predicted against measured.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Run cuts for real, compare them with the prediction, and report the regret of each decision.",
        discussion: """
            Runs rounds of a split training at several cuts, in random order, and compares every part of their delay and \
            the energy of both sides with what the calibrations predict. Reports the measured regret of the choices of \
            levels A to E and of running on one side only. Rounds that other work disturbed, or in which a processor was \
            not as fast as when it was profiled, are left out and run again.

            The server needs a new --state. --link is what the prediction assumes; --shape imitates a slower link.

            EXAMPLE
              kerf validate --server 192.0.2.7:4433 --keys keys/pi-4 --model smollm2-135m --threads 4 \\
                --device pi-4.json --server-calibration server.json --link link.json --out validation.json
            """)

    @OptionGroup var client: SplitClientOptions
    @OptionGroup var patience: RetryOptions
    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("Calibration of this device.", valueName: "calibration.json"), completion: .file())
    var device: String

    @Option(help: ArgumentHelp("Calibration of the server.", valueName: "calibration.json"), completion: .file())
    var serverCalibration: String

    @OptionGroup(title: "Link of the prediction") var linkOptions: LinkOptions

    @Option(help: ArgumentHelp("Cuts to run: all, or auto: the choices, their neighbors, both ends and some others."))
    var cuts = CutChoice.auto

    @Option(help: ArgumentHelp("Usable rounds at each cut and frequency.", valueName: "number"))
    var rounds = 4

    @Option(help: ArgumentHelp("Local steps of a round.", valueName: "number"))
    var steps = Decider.defaultSteps

    @Option(
        help: ArgumentHelp(
            "Frequencies that the server is set to: a list like 800mhz,1.6ghz. (default: left as it is)",
            valueName: "list"),
        transform: SweepOptions.list)
    var frequencies: [Double] = []

    @OptionGroup var objective: ObjectiveOptions
    @OptionGroup(title: "Limits") var limitOptions: LimitOptions

    @OptionGroup var training: TrainingOptions
    @OptionGroup(title: "Energy") var metering: MeterOptions

    @Option(help: ArgumentHelp("Validation to write.", valueName: "validation.json"), completion: .file())
    var out: String

    @Flag(help: "Print the validation as JSON instead of tables.")
    var json = false

    @Flag(help: "Print progress as JSON lines instead of tables; the last line says how the run ended.")
    var watch = false

    @Flag(help: "Show no progress.")
    var quiet = false

    /// Values of `--cuts`.
    enum CutChoice: String, ExpressibleByArgument, CaseIterable {
        case all, auto
    }

    /// Cuts of `--cuts auto`, if the choices and their neighbors are not more.
    private static let automaticCuts = 8

    func validate() throws {
        try ProgressStream.check(watch: watch, json: json)
        try client.requireServer()
        guard (1...10_000).contains(steps) else {
            throw ValidationError("--steps must be between 1 and 10000, not \(steps)")
        }
        guard (1...10_000).contains(rounds) else {
            throw ValidationError("--rounds must be between 1 and 10000, not \(rounds)")
        }
    }

    func run() throws {
        let stream = ProgressStream(command: "validate", isOn: watch)
        try ErrorReport.reportingInterruptibly {
            let (report, bytes) = try stream.watching { try compare(stream) }
            Interruption.unwatch()
            guard !watch else { return try stream.end(RunEnd(done: out)) }
            Printed.print(asJSON: json, bytes, or: report.report, written: out)
        }
    }

    /// Runs the rounds, and writes the validation to `out`.
    ///
    /// - Parameter stream: takes the progress beside the line on standard error.
    func compare(_ stream: ProgressStream? = nil) throws -> (report: ValidationReport, bytes: [UInt8]) {
        try OutputFile.checkPlace(out)
        let inputs = [device, serverCalibration, client.keys, model.weights].compactMap(\.self) + linkOptions.inputs
        try OutputGuard.check(out, isNoneOf: inputs)
        let run = try planned()
        let measured = try measure(run, stream)
        let report: ValidationReport
        do { report = try run.compare(measured, shape: client.shape) } catch {
            // The rounds took long, and another comparison may be possible.
            try AtomicFile.write(Array(try KerfJSON.text(of: measured.rounds).utf8), to: out + ".rounds")
            StandardError.write("kerf: the measured rounds are in \(out).rounds\n")
            throw error
        }
        let bytes = try KerfJSON.encode(report)
        try AtomicFile.write(bytes, to: out)
        return (report, bytes)
    }

    private func planned() throws -> ValidationRun {
        try ValidationRun(
            setup: try TrainingSetup(model, training, steps: .max),
            decider: Decider(
                link: try linkOptions.resolved(), weight: objective.weight, steps: steps, account: objective.energy,
                limits: try limitOptions.limits),
            device: Decider.Side(path: device), server: Decider.Side(path: serverCalibration),
            cuts: cuts == .all ? .all : .auto(count: Self.automaticCuts), frequencies: frequencies,
            repetitions: rounds)
    }

    private func measure(_ run: ValidationRun, _ stream: ProgressStream?) throws -> ValidationRun.Measured {
        let progress = TrainingProgress(steps: run.plan.rounds.count * steps, isQuiet: quiet, stream: stream)
        defer { progress.end() }
        let seconds = Int(try run.estimatedSeconds.rounded(.up))
        progress.tell("\(run.plan.rounds.count) rounds of \(steps) steps, about \(seconds) s by the prediction")
        let connect = try client.connect()
        let selection = try MeterSelection.choose(metering.request)
        defer { selection.close() }
        let meter = try RunMeter.ofCommand(selection, sharesBox: try client.isOnThisBox)
        return try AsynchronousWork.runInterruptibly(remedy: "start it again, with a new state of the server") {
            try await run.measure(meter: meter, retrySeconds: patience.retry, connect: connect) { progress.report($0) }
        }
    }
}
