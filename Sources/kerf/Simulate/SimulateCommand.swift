import ArgumentParser
import CARD
import CommandSupport
import Reporting
import Simulation
import SystemIO
import SystemPackage

/// `kerf simulate`: CARD against baselines on a simulated fleet.
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulate a fleet that trains by split learning: CARD against baselines.",
        discussion: """
            Devices take turns; in every round each device decides anew for the state of its channel. All policies \
            use the same random numbers. Everything is simulated. The same scenario and seeds give the same bytes on \
            one kind of processor, on any number of cores.

            \(ChannelHelp.traces)

            EXAMPLE
              kerf simulate
              kerf simulate --scenario my.json --rounds 50 --seeds 100 \\
                --out result.json --csv rounds.csv
            """)

    @Option(
        help: ArgumentHelp(
            "Name of a shipped scenario (an unknown name lists them), or a file.", valueName: "name|file"))
    var scenario = "five-devices"

    @Option(help: "Devices, divided evenly among the scenario's kinds. (default: one of each)")
    var devices: Int?

    @Option(help: "Rounds of the whole fleet.")
    var rounds = 100

    @Option(help: "Runs, with seeds 1, 2 and so on, for intervals. (default: 10; 1 above a million decisions per run)")
    var seeds: Int?

    @Option(help: "Weight of delay, 0 to 1. (default: the scenario's)")
    var weight: Double?

    @Option(help: "Model level that decides, as in kerf decide. (default: the scenario's)")
    var level: ModelLevel?

    @Option(help: "State of the radio channel. (default: the scenario's)")
    var state: ChannelState?

    @Option(help: "Points of the front of savings as the weight goes from 0 to 1; 0 for none.")
    var front = 0

    @Option(help: ArgumentHelp("Result to write.", valueName: "result.json"), completion: .file())
    var out: String?

    @Option(help: ArgumentHelp("Table of every round of every policy to write.", valueName: "rounds.csv"))
    var csv: String?

    @Flag(help: "Print the result as JSON instead of a table.")
    var json = false

    func validate() throws {
        guard (0...1000).contains(front), front != 1 else {
            throw ValidationError("--front must be 0 or between 2 and 1000, not \(front)")
        }
        if let seeds, !(1...10000).contains(seeds) {
            throw ValidationError("--seeds must be between 1 and 10000, not \(seeds)")
        }
        if let weight, !(weight >= 0 && weight <= 1) {
            throw ValidationError("--weight must be between 0 and 1, not \(weight)")
        }
    }

    func run() throws {
        try ErrorReport.reportingInterruptibly {
            try checkPlaces()
            let outcome = try simulate()
            let bytes = try KerfJSON.encode(outcome.result)
            if let out { try AtomicFile.write(bytes, to: out) }
            if let csv { try AtomicFile.write(Array(outcome.csv.utf8), to: csv) }
            Printed.print(asJSON: json, bytes, or: outcome.result.report, written: out, csv)
        }
    }

    private func simulate() throws -> ScenarioRun.Outcome {
        let file = try ScenarioFile(scenario)
        if let out { try OutputGuard.check(out, isNoneOf: file.inputs) }
        if let csv { try OutputGuard.check(csv, of: "--csv", isNoneOf: file.inputs) }
        return try ScenarioRun(
            level: level, weight: weight, state: state, deviceCount: devices, roundCount: rounds,
            seedCount: seeds, frontPointCount: front
        ).run(file, shouldStop: { Interruption.isRequested })
    }

    private func checkPlaces() throws {
        if let out { try OutputFile.checkPlace(out) }
        guard let csv else { return }
        try OutputFile.checkPlace(csv, of: "--csv")
        guard let out else { return }
        let areSameFile = FilePath(out).lexicallyNormalized() == FilePath(csv).lexicallyNormalized()
        guard !areSameFile, (try? OutputGuard.check(csv, isNoneOf: [out])) != nil else {
            throw KerfError(.invalidArgument, "--out and --csv name the same file, \(csv); give two files")
        }
    }
}
