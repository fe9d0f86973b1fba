import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

/// What happened to a client's connection below HTTP/2. The transport reports most of it as one error without a cause.
final class ConnectionRecord: Sendable {
    struct State {
        /// The channel of the last attempt.
        var channel: (any Channel)?
        /// The first error of TCP or TLS.
        var error: (any Error)?
        var isSecure = false
        /// The server has accepted the exchange.
        var isAccepted = false
    }

    private let state = Mutex(State())

    var current: State { state.withLock { $0 } }

    func update(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    /// Adds TLS, where there is a context, and the observer of errors to a new connection.
    ///
    /// - Parameter serverName: the name that the server's certificate must have; `nil` for the address that the
    ///   connection goes to.
    func prepare(
        _ channel: any Channel, _ tls: NIOSSLContext?, serverName: String?, peerTimeout: Duration
    ) -> EventLoopFuture<Void> {
        update { $0.channel = channel }
        return PeerTimeout.set(on: channel, peerTimeout).flatMapThrowing {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(SplitReads(), position: .first)
            try pipeline.addHandler(ConnectionObserver(self), position: .first)
            guard let tls else { return }
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: serverName), position: .first)
        }
    }
}

/// Writes errors and the end of the TLS handshake into a record, and passes them on.
private final class ConnectionObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let record: ConnectionRecord

    init(_ record: ConnectionRecord) { self.record = record }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        record.update { $0.error = $0.error ?? error }
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { record.update { $0.isSecure = true } }
        context.fireUserInboundEventTriggered(event)
    }
}
