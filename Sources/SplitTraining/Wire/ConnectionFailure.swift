import GRPCCore
import NIOCore
import NIOPosix
import NIOSSL
import SystemIO
import SystemPackage

/// Turns what the transport reports of a failed connection into one line with its cause.
struct ConnectionFailure: Sendable {
    let server: HostPort
    let record: ConnectionRecord
    let isTLS: Bool

    /// - Throws: ``KerfError`` unless the status is good.
    func check(_ status: Status) throws {
        guard let code = RPCError.Code(status.code) else { return }
        throw RPCError(code: code, message: status.message)
    }

    /// The error of an attempt or an exchange. Kerf's own errors and cancellation stay as they are.
    func error(for error: any Error) -> any Error {
        if error is CancellationError || error is KerfError { return error }
        let state = record.current
        let causes = Self.causes(of: error)
        if let rpc = error as? RPCError, let refusal = refusal(rpc) { return refusal }
        for cause in [state.error].compactMap({ $0 }) + causes {
            if let known = known(cause, isSecure: state.isSecure) { return known }
        }
        if state.isAccepted { return lost }
        if state.channel == nil { return notConnected }
        let reason =
            isTLS
            ? state.isSecure
                ? "the server closed the connection after the TLS handshake"
                : "the server closed the connection in the TLS handshake"
            : "the server closed the connection at once"
        return KerfError(
            .unreachable, at: "\(server)", reason,
            remedy: isTLS
                ? "check that a Kerf server with a free place listens there, and that this certificate is valid and from its authority"
                : "check that a Kerf server listens there, without TLS")
    }

    private var notConnected: KerfError {
        guard !server.isIPv4, !server.isIPv6 else {
            return KerfError(
                .unreachable, at: "\(server)", "cannot connect", remedy: "check the address and the network")
        }
        return KerfError(
            .unreachable, at: "\(server)", "no address is known for this name, or none answers",
            remedy: "check the host's name and the network")
    }

    var lost: KerfError {
        KerfError(.connectionLost, at: "\(server)", "the connection ended in the middle of an exchange")
    }

    /// A status that the server sent. Those that the transport makes itself of a lost connection are `unavailable`.
    private func refusal(_ error: RPCError) -> KerfError? {
        let reason = PlainText.shown(error.message, limit: 500)
        switch error.code {
        case .permissionDenied, .unauthenticated:
            return KerfError(.refusedByPeer, at: "\(server)", "the server refuses this device: \(reason)")
        case .aborted: return KerfError(.refusedByPeer, at: "\(server)", "the server ended the exchange: \(reason)")
        case .unimplemented:
            return KerfError(.refusedByPeer, at: "\(server)", "not a Kerf server, or one of another version")
        default: return error.isUndecodable ? KerfError(.malformed, at: "\(server)", Frame.undecodable) : nil
        }
    }

    private func known(_ error: any Error, isSecure: Bool) -> KerfError? {
        if let error = error as? IOError { return known(Errno(rawValue: error.errnoCode), isSecure: isSecure) }
        if let error = error as? NIOConnectionError, error.connectionErrors.isEmpty { return unknownHost }
        if error is SocketAddressError { return unknownHost }
        if let error = error as? ChannelError, case .connectTimeout = error { return timeout }
        if error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError {
            return TLSFailure(error).error(at: server)
        }
        return nil
    }

    private func known(_ errno: Errno, isSecure: Bool) -> KerfError? {
        switch errno {
        case .connectionRefused:
            KerfError(
                .unreachable, at: "\(server)", "connection refused", cause: errno,
                remedy: "check that the server runs and listens on this address and port")
        case .timedOut where !isSecure: timeout
        case .networkUnreachable, .noRouteToHost:
            KerfError(.unreachable, at: "\(server)", "\(errno)", cause: errno, remedy: "check the network")
        default: nil
        }
    }

    var timeout: KerfError {
        KerfError(
            .unreachable, at: "\(server)", "no answer in time",
            remedy: "check the address, the network and firewalls between the two")
    }

    private var unknownHost: KerfError {
        KerfError(.unreachable, at: "\(server)", "no address is known for this name", remedy: "check the host's name")
    }

    /// All errors inside an error, outermost first.
    private static func causes(of error: any Error) -> [any Error] {
        var found = [error]
        if let rpc = error as? RPCError, let cause = rpc.cause { found += causes(of: cause) }
        if let runtime = error as? RuntimeError, let cause = runtime.cause { found += causes(of: cause) }
        if let connection = error as? NIOConnectionError {
            found += connection.connectionErrors.flatMap { causes(of: $0.error) }
        }
        return found
    }
}

extension RPCError {
    /// Whether the transport could not make a message of what the peer sent. It drops the cause, which is a size
    /// above the limit or a compression that was not agreed on, and leaves this text.
    var isUndecodable: Bool { code == .internalError && message.hasPrefix("Failed to decode message") }
}

extension Frame {
    static let undecodable = "the peer sent a message of more than \(maximumBytes) bytes, or a compressed one"
}
