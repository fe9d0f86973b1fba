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
    private let connections = Atomic<Int>(0)

    init(settings: WireSettings, needsTLS: Bool) {
        self.settings = settings
        self.needsTLS = needsTLS
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
            return close(channel)
        }
        // What one read brings is decrypted into one buffer, which keeps its size.
        return channel.setOption(.maxMessagesPerRead, value: 1).flatMap {
            PeerTimeout.set(on: channel, self.settings.peerTimeout)
        }.flatMapThrowing {
            guard self.needsTLS else { return }
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
            let limit = TimeAmount(self.settings.handshakeTimeout)
            try pipeline.addHandler(
                FlushLimit(maximumBytes: self.settings.maximumFrameBytes), position: .after(tls))
            try pipeline.addHandler(ConnectionGuard(handshakeTimeout: limit), position: .after(tls))
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
    private var timer: Scheduled<Void>?

    init(handshakeTimeout: TimeAmount) { self.handshakeTimeout = handshakeTimeout }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: handshakeTimeout) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent {
            timer?.cancel()
            guard (try? context.pipeline.syncOperations.nioSSL_tlsVersion()) == .tlsv13 else {
                return context.close(promise: nil)
            }
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
