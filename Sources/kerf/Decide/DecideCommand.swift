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

            Several devices or servers give one table, with a line for each device with each server and the sums of a \
            round in which all devices take turns with one server. --link is then given once for all, once for each \
            device, or once for each device with each server; the limits of memory once for all or once for each box, and \
            --server-power likewise. The order is that of --device and --server.

            EXAMPLE
              kerf decide --device phone.json --server server.json \\
                --link up=20mbit,down=80mbit,rtt=20ms --device-memory 4gib
              kerf decide --device phone.json pi-4.json --server edge.json cloud.json \\
                --link up=20mbit,down=80mbit,rtt=20ms --out decisions.json
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Calibration of the device, or of several.", valueName: "calibration.json"),
        completion: .file())
    var device: [String]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Calibration of the server, or of several.", valueName: "calibration.json"),
        completion: .file())
    var server: [String]

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
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Declare the power that the server draws while it computes; it is labeled modelled.", valueName: "watts"))
    var serverPower: [Double] = []

    @Option(
        help: ArgumentHelp("Decision to write, or the decisions of several boxes.", valueName: "decision.json"),
        completion: .file())
    var out: String?

    @Flag(help: "Print the decision as JSON instead of tables.")
    var json = false

    func run() throws {
        try ErrorReport.reporting {
            if device.count == 1, server.count == 1 {
                let (decision, bytes) = try decide()
                Printed.print(asJSON: json, bytes, or: decision.report, written: out)
            } else {
                let (decisions, bytes) = try decidePairs()
                Printed.print(asJSON: json, bytes, or: decisions.report, written: out)
            }
        }
    }

    /// Decides for one device and one server, and writes the decision to `out`.
    func decide() throws -> (decision: Decision, bytes: [UInt8]) {
        try checkOutput()
        var decider = try decider(link: linkOptions.resolved())
        decider.limits = try limitOptions.limits
        decider.declaredServerWatts = try declaredWatts()[0]
        let decision = try decider.decide(device: Decider.Side(path: device[0]), server: Decider.Side(path: server[0]))
        return (decision, try written(decision))
    }

    /// Decides for each device with each server, and writes the decisions to `out`.
    private func decidePairs() throws -> (decisions: Decisions, bytes: [UInt8]) {
        try checkOutput()
        let links = try linkOptions.resolved(devices: device.count, servers: server.count)
        var decider = decider(link: links[0])
        decider.limits.minimumCut = limitOptions.minCut ?? 0
        let (deviceMemory, serverMemory, watts) = (
            try limitOptions.deviceMemoryBytes(of: device.count), try limitOptions.serverMemoryBytes(of: server.count),
            try declaredWatts()
        )
        var sides: [String: Decider.Side] = [:]
        for path in device + server where sides[path] == nil { sides[path] = try Decider.Side(path: path) }
        func boxes(_ paths: [String], _ memory: [Double?], _ watts: [Double?]) -> [PairsDecider.Box] {
            zip(paths.indices, BoxValues.names(ofFiles: paths)).compactMap { place, name in
                sides[paths[place]].map {
                    PairsDecider.Box(name: name, side: $0, memoryBytes: memory[place], declaredWatts: watts[place])
                }
            }
        }
        let decisions = try PairsDecider(
            decider: decider,
            devices: boxes(device, deviceMemory, Array(repeating: nil, count: device.count)),
            servers: boxes(server, serverMemory, watts), links: links
        ).decide()
        return (decisions, try written(decisions))
    }

    private func checkOutput() throws {
        guard let out else { return }
        try OutputFile.checkPlace(out)
        try OutputGuard.check(out, isNoneOf: device + server + linkOptions.inputs)
    }

    private func written(_ file: some KerfFile) throws -> [UInt8] {
        let bytes = try KerfJSON.encode(file)
        if let out { try AtomicFile.write(bytes, to: out) }
        return bytes
    }

    /// By server.
    private func declaredWatts() throws -> [Double?] {
        try BoxValues.spread(serverPower, over: server.count, "server", of: "--server-power")
    }

    /// Without limits and declared power, which belong to the boxes.
    private func decider(link: Link) -> Decider {
        Decider(
            task: inference ? .inference : .training, link: link, weight: objective.weight,
            steps: steps, level: level,
            account: objective.energy, scope: energyScope,
            microBatches: microBatches, exchange: CutExchange(adapterTensors: moments ? 3 : 1))
    }
}

extension ModelLevel: ExpressibleByArgument {}
extension EnergyScope: ExpressibleByArgument {}
