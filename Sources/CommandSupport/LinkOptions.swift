import ArgumentParser
import CARD
import Simulation
import SystemIO

/// The link between device and server: declared, measured or simulated.
package struct LinkOptions: ParsableArguments {
    package init() {}

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Profile of the link by `kerf link`, or rates from and to the device and the round-trip time: up=20mbit,down=80mbit,rtt=20ms.",
            valueName: "link.json|link"),
        transform: Self.source)
    package var link: [Source] = []

    @Option(
        help: ArgumentHelp(
            "Output of iperf3 --json or --json-stream on the device: one file of a --bidir run of iperf3 3.11 or later, or two, of a plain and a --reverse run.",
            valueName: "file.json"), completion: .file())
    package var iperf3: [String] = []

    @Option(help: "A simulated radio cell in its median block, with a round-trip time of 10 ms.")
    package var channel: ChannelState?

    package func validate() throws {
        guard [!link.isEmpty, !iperf3.isEmpty, channel != nil].filter({ $0 }).count == 1 else {
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
        iperf3
            + link.compactMap { source -> String? in
                if case .profile(let path) = source { path } else { nil }
            }
    }

    /// The link of one device and one server.
    package func resolved() throws -> Link {
        guard link.count <= 1 else {
            throw KerfError(.invalidArgument, "there is one link here, and --link names \(link.count)")
        }
        return try links()[0]
    }

    /// The link of each pair: device by device, and for each device server by server.
    ///
    /// - Throws: ``KerfError`` unless there is one link for all, one for each device, or one for each pair.
    package func resolved(devices: Int, servers: Int) throws -> [Link] {
        let links = try links()
        switch links.count {
        case 1: return Array(repeating: links[0], count: devices * servers)
        case devices: return links.flatMap { Array(repeating: $0, count: servers) }
        case devices * servers: return links
        case let count:
            let counts = Set([devices, devices * servers]).sorted().map(String.init).joined(separator: " or ")
            throw KerfError(
                .invalidArgument,
                "--link names \(count) links; give one for all, or \(counts): for each device\(servers > 1 ? ", or for each device with each server," : "") in their order"
            )
        }
    }

    /// At least one.
    private func links() throws -> [Link] {
        guard link.isEmpty else { return try link.map { try $0.resolved() } }
        if let channel { return [try RadioChannel.link(state: channel)] }
        return [try Link(iperf3: iperf3.map { (name: $0, bytes: try FileBytes.read($0, limit: 16 << 20)) })]
    }
}

extension ChannelState: ExpressibleByArgument {}
