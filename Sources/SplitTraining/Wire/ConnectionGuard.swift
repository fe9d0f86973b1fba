import GRPCCore
import NIOCore
import NIOSSL
import NIOTLS
import Synchronization
import SystemIO

/// What a server asks of every connection before HTTP/2 begins: a free place, TLS 1.3 within a time limit, and a peer
/// that acknowledges.
final class ConnectionGate: Sendable {
    private let settings: WireSettings
    private let needsTLS: Bool
    private let refused: FrameServer.Refusal
    private let connections = Atomic<Int>(0)

    init(settings: WireSettings, needsTLS: Bool, refused: @escaping FrameServer.Refusal) {
        self.settings = settings
        self.needsTLS = needsTLS
        self.refused = refused
    }

    /// Connections that are open.
    var count: Int { connections.load(ordering: .relaxed) }

    /// Called on the channel's event loop when its pipeline is complete. A connection that is not admitted is closed
    /// before anything is read from it. The future succeeds in any case: the transport would keep the socket of one
    /// that fails.
    func admit(_ channel: any Channel) -> EventLoopFuture<Void> {
        let open = connections.add(1, ordering: .relaxed).newValue
        channel.closeFuture.whenComplete { _ in self.connections.subtract(1, ordering: .relaxed) }
        guard open <= settings.maximumConnections else {
            refused(
                channel.peerAddress,
                KerfError(.unavailable, "all \(settings.maximumConnections) places are taken by open connections"))
            return close(channel)
        }
        // What one read brings is decrypted into one buffer, which keeps its size.
        return channel.setOption(.maxMessagesPerRead, value: 1).flatMap {
            PeerTimeout.set(on: channel, self.settings.peerTimeout)
        }.flatMapThrowing {
            let pipeline = channel.pipeline.syncOperations
            guard self.needsTLS else { return try pipeline.addHandler(SplitReads(), position: .first) }
            let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
            let limit = TimeAmount(self.settings.handshakeTimeout)
            let handlers: [any ChannelHandler] = [
                ConnectionGuard(handshakeTimeout: limit, refused: self.refused),
                FlushLimit(maximumBytes: self.settings.maximumFrameBytes), SplitReads(),
            ]
            try pipeline.addHandlers(handlers, position: .after(tls))
        }.flatMapError { _ in self.close(channel) }
    }

    /// Closes the connection once it is set up.
    private func close(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.execute { channel.close(promise: nil) }
        return channel.eventLoop.makeSucceededVoidFuture()
    }
}

/// Closes a connection whose TLS handshake takes too long or ends with another version than 1.3, before anything that
/// it sends is read.
final class ConnectionGuard: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handshakeTimeout: TimeAmount
    private let refused: FrameServer.Refusal
    private var timer: Scheduled<Void>?
    /// Whether the handshake is over, or was refused.
    private var isDecided = false

    init(handshakeTimeout: TimeAmount, refused: @escaping FrameServer.Refusal) {
        self.handshakeTimeout = handshakeTimeout
        self.refused = refused
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: handshakeTimeout) {
            let (guardian, context) = bound.value
            guardian.refuse(context, KerfError(.unavailable, "its TLS handshake takes too long"))
            context.close(promise: nil)
        }
    }

    private func refuse(_ context: ChannelHandlerContext, _ reason: KerfError) {
        if !isDecided { refused(context.channel.peerAddress, reason) }
        isDecided = true
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        refuse(context, TLSFailure(error).refusal)
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent {
            timer?.cancel()
            guard (try? context.pipeline.syncOperations.nioSSL_tlsVersion()) == .tlsv13 else {
                refuse(context, KerfError(.refused, "it does not speak TLS 1.3"))
                return context.close(promise: nil)
            }
            isDecided = true
        }
        context.fireUserInboundEventTriggered(event)
    }
}

/// TCP's own timers for a peer that is gone without a word: a cut cable, a box without power.
enum PeerTimeout {
    /// - Parameter timeout: time without an acknowledgment after which the connection ends, with data in flight
    ///   (TCP_USER_TIMEOUT) or without (keepalive), to a second; see tcp(7).
    static func set(on channel: any Channel, _ timeout: Duration) -> EventLoopFuture<Void> {
        let seconds = max(2, Int32(clamping: timeout.components.seconds))
        let idle = max(1, seconds / 2)
        let options: [(NIOBSDSocket.Option, Int32)] = [
            (tcpKeepIdle, idle), (tcpKeepInterval, max(1, (seconds - idle) / 3)), (tcpKeepCount, 3),
            (tcpUserTimeout, seconds * 1000),
        ]
        let keepalive = channel.setOption(.socketOption(.so_keepalive), value: 1)
        return options.reduce(keepalive) { future, option in
            future.flatMap {
                channel.setOption(ChannelOptions.Types.SocketOption(level: .tcp, name: option.0), value: Int(option.1))
            }
        }
    }

    // Numbers of linux/tcp.h.
    private static let tcpKeepIdle = NIOBSDSocket.Option(rawValue: 4)
    private static let tcpKeepInterval = NIOBSDSocket.Option(rawValue: 5)
    private static let tcpKeepCount = NIOBSDSocket.Option(rawValue: 6)
    private static let tcpUserTimeout = NIOBSDSocket.Option(rawValue: 18)
}

extension Channel {
    /// Where the peer is, in the words of gRPC: `ipv4:192.0.2.7:50123`.
    fileprivate var peerAddress: String {
        guard let address = remoteAddress, let host = address.ipAddress, let port = address.port else {
            return "unknown"
        }
        return address.protocol == .inet6 ? "ipv6:[\(host)]:\(port)" : "ipv4:\(host):\(port)"
    }
}
