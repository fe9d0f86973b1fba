import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore

/// The methods of the service `kerf.split.v1.Split`; both stream in both directions.
package enum SplitMethod: String, Sendable, CaseIterable {
    /// Training.
    case exchange = "Exchange"
    /// Measuring the link.
    case link = "Link"

    static let service = "kerf.split.v1.Split"

    var descriptor: MethodDescriptor { MethodDescriptor(fullyQualifiedService: Self.service, method: rawValue) }
}

/// Sizes and times of the transport, where its defaults would limit a training step.
package struct WireSettings: Sendable {
    /// HTTP/2's receive window of a stream and of a connection, in bytes: at least rate times round trip. 16 MiB fill
    /// 1 Gbit/s at 130 ms. The transport's default for servers is 64 KiB, which at 10 ms is 52 Mbit/s.
    package var windowBytes = 16 << 20
    /// The largest HTTP/2 frame that is accepted, in bytes. Buffers of a connection grow to its size and stay.
    package var maximumFrameBytes = 1 << 15
    /// Connections that a server holds at a time; more are closed at once.
    package var maximumConnections = 256
    /// Streams in one connection at a time.
    package var maximumStreams = 4
    /// Time from accepting a connection to the end of its TLS handshake.
    package var handshakeTimeout = Duration.seconds(10)
    /// Time after which TCP gives up a peer that acknowledges nothing. It is TCP's own timer and not a ping of
    /// HTTP/2: a ping waits behind the data of a slow link, and would give up a peer that is alive.
    package var peerTimeout = Duration.seconds(10)

    package init() {}

    func serverConfiguration(
        onAccept: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> HTTP2ServerTransport.Posix.Config {
        .defaults { configuration in
            configuration.http2.targetWindowSize = windowBytes
            configuration.http2.maxFrameSize = maximumFrameBytes
            configuration.http2.maxConcurrentStreams = maximumStreams
            configuration.rpc.maxRequestPayloadSize = Frame.maximumBytes
            configuration.channelDebuggingCallbacks.onAcceptTCPConnection = onAccept
        }
    }

    func clientConfiguration(
        onConnect: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
    ) -> HTTP2ClientTransport.Posix.Config {
        .defaults { configuration in
            configuration.http2.targetWindowSize = windowBytes
            configuration.http2.maxFrameSize = maximumFrameBytes
            configuration.channelDebuggingCallbacks.onCreateTCPConnection = onConnect
        }
    }

    /// The transport takes the limit of a response from that of a request.
    var callOptions: CallOptions {
        var options = CallOptions.defaults
        options.maxRequestMessageBytes = Frame.maximumBytes
        options.maxResponseMessageBytes = Frame.maximumBytes
        options.waitForReady = false
        return options
    }
}
