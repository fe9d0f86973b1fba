import ArgumentParser
import CARD
import CommandSupport
import Instrumentation
import Reporting
import SplitTraining
import SystemIO
import SystemPackage

/// `kerf link`: the link between this device and its server.
struct LinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Measure the link to a server, over the channel that training uses.",
        discussion: """
            Times transfers of 4 KiB to 16 MiB in both directions, after idle times and back to back, and fits a \
            latency and a rate to each. A shaped channel behaves like the link that is given, and what is measured on \
            it is labeled simulated.

            EXAMPLE
              kerf link --server edge.example:4433 --keys keys/phone --out link.json
            """)

    @OptionGroup var client: SplitClientOptions

    @Option(help: ArgumentHelp("Profile of the link to write.", valueName: "link.json"), completion: .file())
    var out: String

    @Option(help: "Time for the transfers. Each size is measured 6 times in any case.")
    var seconds = 30.0

    @Option(
        help: ArgumentHelp("Further sizes to measure, such as those that training sends.", valueName: "bytes,bytes"),
        transform: { try ByteCounts(parsing: $0).counts })
    var sizes: [Int] = []

    @Option(
        help: ArgumentHelp(
            "Calibration of this device: the sizes that its training sends in f32 are measured too.",
            valueName: "calibration.json"), completion: .file())
    var device: String?

    @Option(help: ArgumentHelp("Idle time before each cold transfer.", valueName: "seconds"))
    var idle = 0.3

    @Flag(help: "Print the profile as JSON instead of tables.")
    var json = false

    func validate() throws { try client.requireServer() }

    func run() throws {
        try ErrorReport.reportingInterruptibly {
            try OutputFile.checkPlace(out)
            try OutputGuard.check(out, isNoneOf: [device, client.keys].compactMap(\.self))
            let profile = try measure()
            let bytes = try KerfJSON.encode(profile)
            try AtomicFile.write(bytes, to: out)
            Printed.print(asJSON: json, bytes, or: profile.report, written: out)
        }
    }

    private func measure() throws -> LinkProfile {
        // With AdamW's moments, as adapters travel.
        let trained = try device.map { path in
            try Decider.transferSizes(
                of: Decider.Side(path: path).calibration, exchange: CutExchange(adapterTensors: 3))
        }
        let plan = try LinkPlan(trainingSizes: sizes + (trained ?? []), budgetSeconds: seconds, idleSeconds: idle)
        let security = try SplitSecurity.device(keys: client.keys)
        let (server, shape) = (try client.address, try client.linkShape)
        return try AsynchronousWork.runInterruptibly(remedy: "start it again; nothing was written") {
            try await LinkProfile.measure(
                server, security: security, plan: plan, shape: shape, created: currentTimestamp)
        }
    }
}
