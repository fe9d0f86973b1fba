import ArgumentParser
import CARD
import Reporting
import Simulation
import SystemIO
import SystemPackage

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulate a fleet that trains by split learning, CARD against baselines.",
        discussion: """
            Devices take turns; in every round each decides anew for the channel it sees. All policies see the same \
            random numbers. Everything is simulated; the same scenario and seeds give the same bytes on one kind of \
            processor, on any number of cores.

            EXAMPLE
              kerf simulate
              kerf simulate --scenario my.json --rounds 50 --seeds 100 \\
                --out result.json --csv rounds.csv
            """)

    @Option(help: ArgumentHelp("A shipped scenario (an unknown name lists them) or a file.", valueName: "name|file"))
    var scenario = "five-devices"

    @Option(help: "Devices, as many of each of the scenario's kinds. (default: one of each)")
    var devices: Int?

    @Option(help: "Rounds of the whole fleet.")
    var rounds = 100

    @Option(help: "Runs with seeds 1, 2 and so on, for intervals. (default: 10; 1 above a million decisions a run)")
    var seeds: Int?

    @Option(help: "Weight of delay, 0 to 1, in place of the scenario's.")
    var weight: Double?

    @Option(help: "ModelLevel of the model ladder, in place of the scenario's.")
    var level: ModelLevel?

    @Option(help: "State of the radio channel, in place of the scenario's: good, normal, poor, mixed.")
    var state: ChannelState?

    @Option(help: "Points of the front of savings as the weight goes from 0 to 1; 0 for none.")
    var front = 0

    @Option(help: ArgumentHelp("Where to write the result.", valueName: "result.json"), completion: .file())
    var out: String?

    @Option(help: ArgumentHelp("Where to write every round of every policy.", valueName: "rounds.csv"))
    var csv: String?

    @Flag(help: "Print the result as JSON in place of the table.")
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
        try ErrorReport.reporting {
            Interruption.watch()
            try checkPlaces()
            let (result, table) = try simulate()
            let bytes = try KerfJSON.encode(result)
            if let out { try AtomicFile.write(bytes, to: out) }
            if let csv { try AtomicFile.write(Array(table().utf8), to: csv) }
            print(json ? String(decoding: bytes, as: UTF8.self) : result.report, terminator: "")
            for place in [out, csv].compactMap({ $0 }) where !json { print("written: \(place)") }
        }
    }

    private func checkPlaces() throws {
        if let out { try OutputFile.checkPlace(out) }
        guard let csv else { return }
        try OutputFile.checkPlace(csv, of: "--csv")
        guard let out else { return }
        let areSameCounter = FilePath(out).lexicallyNormalized() == FilePath(csv).lexicallyNormalized()
        guard !areSameCounter, (try? OutputGuard.check(csv, isNoneOf: [out])) != nil else {
            throw KerfError(.invalidArgument, "--out and --csv name one file, \(csv); give each its own")
        }
    }

    private func simulate() throws -> (SimulationResult, () -> String) {
        let file = try ScenarioFile(scenario)
        if let out { try OutputGuard.check(out, isNoneOf: [scenario]) }
        if let csv { try OutputGuard.check(csv, of: "--csv", isNoneOf: [scenario]) }
        let (level, weight) = (level ?? file.scenario.level, weight ?? file.scenario.weight)
        var (fleet, assumptions) = try file.fleet(level: level)
        if let state { fleet = try fleet.inState(state) }
        let weights = front > 0 ? (0..<front).map { Double($0) / Double(front - 1) } : []
        let run = try FleetRun(
            fleet: fleet, deviceCount: devices ?? file.scenario.devices.count, roundCount: rounds,
            rules: SimulationResult.rules(weight: weight, frontWeights: weights))
        let decisions = Double(run.deviceCount) * Double(rounds)
        let numbers = (1...UInt64(seeds ?? (decisions > 1e6 ? 1 : 10))).map { $0 }
        let tallies = try numbers.map { seed in
            guard !Interruption.isRequested else {
                throw KerfError(.interrupted, "interrupted; nothing was written")
            }
            return try run.run(seed: seed)
        }
        if let state { assumptions.append("The channel's state is \(state.rawValue).") }
        let result = SimulationResult(
            scenario: file.scenario, sha256: file.sha256, weight: weight, level: level, frontWeights: weights,
            seeds: numbers, tallies: tallies, assumptions: assumptions)
        return (result, { SimulationCSV.text(seeds: numbers, tallies: tallies) })
    }
}

extension ChannelState: ExpressibleByArgument {}
