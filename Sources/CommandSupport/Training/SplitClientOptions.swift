import ArgumentParser
import SplitTraining
import SystemIO

/// A device's way to its server.
package struct SplitClientOptions: ParsableArguments {
    package init() {}

    @Option(help: ArgumentHelp("The server.", valueName: "host:port"))
    package var server: String?

    @Option(help: ArgumentHelp("This device's folder of keys.", valueName: "dir"))
    package var keys: String?

    @Flag(help: "Use no keys and no TLS; the server must be on this machine.")
    package var insecure = false

    @Option(
        help: ArgumentHelp(
            "Imitate a slower link, like up=20mbit,down=80mbit,rtt=20ms.", valueName: "up=R,down=R,rtt=T"))
    package var shape: String?

    /// The first option that is given, for a run without a server.
    package var firstGiven: String? {
        [("--server", server != nil), ("--keys", keys != nil), ("--insecure", insecure), ("--shape", shape != nil)]
            .first(where: \.1)?.0
    }

    /// - Throws: `ValidationError` where the options do not tell how to reach a server.
    package func requireServer() throws {
        guard server != nil else { throw ValidationError("give --server") }
        guard (keys == nil) == insecure else { throw ValidationError("give either --keys or --insecure") }
    }

    package var address: HostPort {
        get throws {
            let address = try HostPort(parsing: server ?? "")
            guard address.port > 0 else {
                throw KerfError(
                    .invalidArgument, "\(address): no server has the port 0",
                    remedy: "give the port that it listens on")
            }
            return address
        }
    }

    package var linkShape: LinkShape? { get throws { try shape.map { try LinkShape(parsing: $0) } } }

    /// Whether the server runs on this box too.
    package var isOnThisBox: Bool { get throws { LocalAddresses.contains(try address.host) } }

    /// Opens connections to the server, shaped where that is asked for.
    package func connect() throws -> DeviceRun.Connect {
        let (address, shape) = (try address, try linkShape)
        let security = try SplitSecurity.device(keys: keys)
        return { body in
            try await FrameClient.connect(to: address, security: security) { channel in
                guard let shape else {
                    return try await ReadAheadChannel.with(channel) { try await body(FrameMessageChannel($0)) }
                }
                try await ShapedChannel.with(channel, shape: shape) { try await body(FrameMessageChannel($0)) }
            }
        }
    }
}

/// What happens when the connection is lost.
package struct RetryOptions: ParsableArguments {
    package init() {}

    @Option(
        help: ArgumentHelp("Time for which a lost connection is made again.", valueName: "seconds"))
    package var retry = 60.0

    package func validate() throws {
        guard retry >= 0, retry <= 7 * 86400 else {
            throw ValidationError("--retry must be between 0 and 604800 seconds, not \(retry)")
        }
    }
}
