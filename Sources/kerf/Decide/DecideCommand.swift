import ArgumentParser
import CARD
import Calibration
import Reporting
import SystemIO

struct DecideCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decide",
        abstract: "Decide where to cut the model between a device and a server.",
        discussion: """
            Weighs training delay against the server's energy over all cuts and server clocks (CARD, \
            arXiv 2412.00090, in our reconstruction). Level A is the paper's form: operations over rated speed, power \
            as the cube of the clock. Each further level of the ladder adds: B the measured time and energy of every \
            layer; C measured T(f) and P(f) over the clock's real steps; D memory limits and a privacy floor; E the \
            link's latency and, with --micro-batches, overlap. The choice of every level is shown, and what assuming \
            each of the paper's assumptions would cost.

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

    @Option(help: "Weight of delay, 0 to 1; the rest is the weight of the server's energy.")
    var weight = Decider.defaultWeight

    @Option(help: "Local training steps between two exchanges of adapters.")
    var steps = Decider.defaultSteps

    @Option(help: "ModelLevel of the model ladder that decides: A, the paper's form, to E, all that is known.")
    var level = ModelLevel.measuredLink

    @Option(help: "Server energy that counts: net of what it draws idle, for a server that is on anyway; or gross.")
    var energy = EnergyAccount.net

    @Option(
        help: """
            Whose energy counts: computing, the server's while it computes; waiting, and its idle power while it \
            waits; device, and the device's own.
            """)
    var count = EnergyScope.computing

    @Option(help: ArgumentHelp("Memory of the device for its layers, such as 4gib.", valueName: "bytes"))
    var deviceMemory: ByteCount?

    @Option(help: ArgumentHelp("Memory of the server for its layers.", valueName: "bytes"))
    var serverMemory: ByteCount?

    @Option(help: "Blocks that must stay on the device, for privacy.")
    var minCut = 0

    @Option(help: "Parts of a batch that go through device, link and server in a pipeline; 1 is no overlap.")
    var microBatches = 1

    @Option(
        help: ArgumentHelp(
            "Declare the power the server draws while it computes; it is labelled modelled.", valueName: "watts"))
    var serverPower: Double?

    @Option(help: ArgumentHelp("Where to write the decision.", valueName: "decision.json"), completion: .file())
    var out: String?

    @Flag(help: "Print the decision as JSON in place of the table.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            if let out {
                try OutputFile.checkPlace(out)
                try OutputGuard.check(out, isNoneOf: [device, server] + linkOptions.iperf3)
            }
            let limits = CutLimits(
                deviceMemoryBytes: deviceMemory?.bytes, serverMemoryBytes: serverMemory?.bytes, minimumCut: minCut)
            let decider = Decider(
                link: try linkOptions.resolved(), weight: weight, steps: steps, level: level, account: energy,
                declaredServerWatts: serverPower, scope: count, limits: limits, microBatches: microBatches)
            let decision = try decider.decide(device: try side(device), server: try side(server))
            let bytes = try KerfJSON.encode(decision)
            if let out { try AtomicFile.write(bytes, to: out) }
            if json {
                print(String(decoding: bytes, as: UTF8.self), terminator: "")
            } else {
                print(decision.report, terminator: "")
                if let out { print("written: \(out)") }
            }
        }
    }

    private func side(_ path: String) throws -> Decider.Side {
        let (calibration, sha256) = try KerfJSON.read(Calibration.self, at: path)
        return Decider.Side(calibration: calibration, sha256: sha256)
    }
}

extension ModelLevel: ExpressibleByArgument {}
extension EnergyAccount: ExpressibleByArgument {}
extension EnergyScope: ExpressibleByArgument {}
