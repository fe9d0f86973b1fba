import ArgumentParser
import CARD
import Calibration
import CommandSupport
import Reporting
import SystemIO

/// `kerf decide`: the cut layer and the server's frequency.
struct DecideCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide",
        abstract: "Decide where to cut the model between a device and a server.",
        discussion: """
            Minimizes a weighted sum of training delay and server energy over all cut layers and server frequencies \
            (CARD, arXiv 2412.00090, in our reconstruction). The output compares the choices of all model levels, and \
            shows what assuming each of the paper's assumptions would cost.

            MODEL LEVELS
              A\tthe paper's form: FLOPs over rated speed, power as the cube of frequency
              B\tadds the measured time and energy of every layer
              C\tadds measured time and power at real frequency steps
              D\tadds memory limits and a privacy floor
              E\tadds measured link latency and, with --micro-batches, overlap

            EXAMPLE
              kerf decide --device phone.json --server server.json \\
                --link up=20mbit,down=80mbit,rtt=20ms --device-memory 4gib
            """)

    @Option(
        help: ArgumentHelp("Calibration of the device.", valueName: "calibration.json"), completion: .file())
    var device: String

    @Option(
        help: ArgumentHelp("Calibration of the server.", valueName: "calibration.json"), completion: .file())
    var server: String

    @OptionGroup(title: "Link") var linkOptions: LinkOptions

    @Flag(help: "Decide for inference: forward passes alone, whose answer returns, and no adapters.")
    var inference = false

    @OptionGroup var objective: ObjectiveOptions

    @Option(help: "Local training steps between two exchanges of adapters; with --inference, requests.")
    var steps = Decider.defaultSteps

    @Option(help: "Model level that decides.")
    var level = ModelLevel.measuredLink

    @Option(
        help: """
            Energy to count: the server's while it computes (computing); also its idle energy while it waits \
            (waiting); also the device's (device).
            """)
    var energyScope = EnergyScope.computing

    @OptionGroup var limitOptions: LimitOptions

    @Option(help: "Parts of a batch that are pipelined through device, link and server; 1 is no overlap.")
    var microBatches = 1

    @Flag(help: "Count AdamW's moments with the adapters, as `kerf train` sends them.")
    var moments = false

    @Option(
        help: ArgumentHelp(
            "Declare the power that the server draws while it computes; it is labeled modelled.", valueName: "watts"))
    var serverPower: Double?

    @Option(help: ArgumentHelp("Decision to write.", valueName: "decision.json"), completion: .file())
    var out: String?

    @Flag(help: "Print the decision as JSON instead of tables.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            let (decision, bytes) = try decide()
            Printed.print(asJSON: json, bytes, or: decision.report, written: out)
        }
    }

    /// Decides, and writes the decision to `out`.
    func decide() throws -> (decision: Decision, bytes: [UInt8]) {
        if let out {
            try OutputFile.checkPlace(out)
            try OutputGuard.check(out, isNoneOf: [device, server] + linkOptions.inputs)
        }
        let decider = Decider(
            task: inference ? .inference : .training, link: try linkOptions.resolved(), weight: objective.weight,
            steps: steps, level: level,
            account: objective.energy,
            declaredServerWatts: serverPower, scope: energyScope,
            limits: limitOptions.limits,
            microBatches: microBatches, exchange: CutExchange(adapterTensors: moments ? 3 : 1))
        let decision = try decider.decide(device: Decider.Side(path: device), server: Decider.Side(path: server))
        let bytes = try KerfJSON.encode(decision)
        if let out { try AtomicFile.write(bytes, to: out) }
        return (decision, bytes)
    }
}

extension ModelLevel: ExpressibleByArgument {}
extension EnergyScope: ExpressibleByArgument {}
