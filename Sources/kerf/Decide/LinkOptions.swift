import ArgumentParser
import CARD
import Simulation
import SystemIO

/// How the link is told: declared, measured or simulated.
struct LinkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Rates from and to the device, and the round trip: up=20mbit,down=80mbit,rtt=20ms.", valueName: "link"),
        transform: { try Link(parsing: $0) })
    var link: Link?

    @Option(
        help: ArgumentHelp(
            "What iperf3 --json wrote on the device: of a --bidir run, or twice, of a plain and a --reverse run.",
            valueName: "file.json"), completion: .file())
    var iperf3: [String] = []

    @Option(help: "The median block of a simulated radio cell: good, normal, poor or mixed; round trip 10 ms.")
    var channel: ChannelState?

    func validate() throws {
        guard [link != nil, !iperf3.isEmpty, channel != nil].filter({ $0 }).count == 1 else {
            throw ValidationError("one of --link, --iperf3 and --channel is needed")
        }
    }

    func resolved() throws -> Link {
        if let link { return link }
        if let channel { return try RadioChannel.link(state: channel) }
        return try Link(iperf3: iperf3.map { (name: $0, bytes: try FileBytes.read($0, limit: 16 << 20)) })
    }
}
