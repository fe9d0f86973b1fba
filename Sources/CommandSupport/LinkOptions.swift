import ArgumentParser
import CARD
import Simulation
import SystemIO

/// The link between device and server: declared, measured or simulated.
package struct LinkOptions: ParsableArguments {
    package init() {}

    @Option(
        help: ArgumentHelp(
            "Profile of the link by `kerf link`, or rates from and to the device and the round-trip time: up=20mbit,down=80mbit,rtt=20ms.",
            valueName: "link.json|link"),
        transform: Self.source)
    package var link: Source?

    @Option(
        help: ArgumentHelp(
            "Output of iperf3 --json or --json-stream on the device: one file of a --bidir run of iperf3 3.11 or later, or two, of a plain and a --reverse run.",
            valueName: "file.json"), completion: .file())
    package var iperf3: [String] = []

    @Option(help: "A simulated radio cell in its median block, with a round-trip time of 10 ms.")
    package var channel: ChannelState?

    package func validate() throws {
        guard [link != nil, !iperf3.isEmpty, channel != nil].filter({ $0 }).count == 1 else {
            throw ValidationError("give exactly one of --link, --iperf3 and --channel")
        }
    }

    /// A declared link, or the path of a profile.
    package enum Source: Sendable {
        case declared(Link)
        case profile(String)

        package func resolved() throws -> Link {
            switch self {
            case .declared(let link): link
            case .profile(let path): try KerfJSON.read(LinkProfile.self, at: path).file.link(file: path)
            }
        }
    }

    @Sendable package static func source(_ text: String) throws -> Source {
        text.hasSuffix(".json") ? .profile(text) : .declared(try Link(parsing: text))
    }

    /// The files that are read.
    package var inputs: [String] {
        if case .profile(let path) = link { [path] } else { iperf3 }
    }

    package func resolved() throws -> Link {
        if let link { return try link.resolved() }
        if let channel { return try RadioChannel.link(state: channel) }
        return try Link(iperf3: iperf3.map { (name: $0, bytes: try FileBytes.read($0, limit: 16 << 20)) })
    }
}

extension ChannelState: ExpressibleByArgument {}
