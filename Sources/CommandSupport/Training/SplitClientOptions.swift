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

    @Flag(help: "Train without keys and TLS, with a server on this machine only.")
    package var insecure = false

    @Option(
        help: ArgumentHelp(
            "Imitate a slower link, like up=20mbit,down=80mbit,rtt=20ms.", valueName: "up=R,down=R,rtt=T"))
    package var shape: String?

    @Option(
        help: ArgumentHelp("Time without progress after which a lost connection ends the run.", valueName: "seconds"))
    package var retry = 60.0

    package func validate() throws {
        guard retry >= 0, retry <= 7 * 86400 else {
            throw ValidationError("--retry must be between 0 and 604800 seconds, not \(retry)")
        }
    }

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

    /// Opens connections to the server, shaped where that is asked for.
    package func connect() throws -> DeviceRun.Connect {
        let address = try HostPort(parsing: server ?? "")
        let security = try SplitSecurity.device(keys: keys)
        let shape = try shape.map { try LinkShape(parsing: $0) }
        return { body in
            try await FrameClient.connect(to: address, security: security) { channel in
                guard let shape else { return try await body(FrameMessageChannel(channel)) }
                try await ShapedChannel.with(channel, shape: shape) { try await body(FrameMessageChannel($0)) }
            }
        }
    }
}
