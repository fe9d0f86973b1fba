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

    @Option(
        help: ArgumentHelp("Server, which runs kerf serve.", valueName: "host:port"), transform: HostPort.init(parsing:)
    )
    var server: HostPort

    @Option(help: ArgumentHelp("Folder with this device's keys.", valueName: "dir"), completion: .directory)
    var keys: String?

    @Option(help: ArgumentHelp("Profile of the link to write.", valueName: "link.json"), completion: .file())
    var out: String

    @Option(help: "Time for the transfers. Each size is measured 6 times in any case.")
    var seconds = 30.0

    @Option(
        help: ArgumentHelp("Further sizes to measure, such as those that training sends.", valueName: "bytes,bytes"),
        transform: { try ByteCounts(parsing: $0).counts })
    var sizes: [Int] = []

    @Option(
        help: ArgumentHelp("Make the channel as slow as this link: up=20mbit,down=80mbit,rtt=20ms.", valueName: "link"),
        transform: { try LinkShape(parsing: $0) })
    var shape: LinkShape?

    @Flag(help: "Use no TLS; the server must be on this machine.")
    var insecure = false

    @Flag(help: "Print the profile as JSON instead of tables.")
    var json = false

    func validate() throws {
        guard insecure != (keys != nil) else {
            throw ValidationError("give --keys with this device's folder, or --insecure for a server on this machine")
        }
    }

    func run() throws {
        try ErrorReport.reporting {
            Interruption.watch()
            try OutputFile.checkPlace(out)
            let profile = try measure()
            let bytes = try KerfJSON.encode(profile)
            try AtomicFile.write(bytes, to: out)
            print(json ? String(decoding: bytes, as: UTF8.self) : profile.report, terminator: "")
            if !json { print("written: \(out)") }
        }
    }

    private func measure() throws -> LinkProfile {
        let plan = try LinkPlan(trainingSizes: sizes, budgetSeconds: seconds)
        let security = try SplitSecurity.device(keys: keys)
        let (server, shape) = (server, shape)
        return try AsynchronousWork.run {
            try await LinkProfile.measure(
                server, security: security, plan: plan, shape: shape, created: currentTimestamp,
                shouldStop: { Interruption.isRequested })
        }
    }
}

/// `4096,1mib`
private struct ByteCounts {
    let counts: [Int]

    init(parsing text: String) throws {
        counts = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let count = ByteCount(argument: String(part)), (1...Double(1 << 30)).contains(count.bytes) else {
                throw ValidationError("\(PlainText.quoted(String(part))) is not a size from 1 byte to 1gib")
            }
            return Int(count.bytes)
        }
    }
}
