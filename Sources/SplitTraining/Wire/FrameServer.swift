import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOCore
import SystemIO
import SystemPackage

/// The server's end of the wire.
package final class FrameServer: Sendable {
    /// Serves one exchange. When it returns, the exchange ends in order; an error that it throws is sent to the
    /// device as its reason, and ends this exchange only.
    package typealias Handler = @Sendable (any FrameChannel, WirePeer) async throws -> Void
    typealias Transport = HTTP2ServerTransport.Posix

    private let address: HostPort
    private let security: ServerSecurity
    private let transport: Transport
    private let gate: ConnectionGate
    private let refused: Refusal

    /// Called for a connection or an exchange that is refused, with the peer's address.
    package typealias Refusal = @Sendable (_ address: String, _ reason: KerfError) -> Void

    /// - Parameters:
    ///   - address: an address of this machine, or `localhost`; port 0 for any that is free.
    ///   - refused: is called on a thread of the transport.
    /// - Throws: ``KerfError``: an address that is none, or not loopback without TLS; damaged credentials.
    package init(
        listen address: HostPort, security: ServerSecurity, settings: WireSettings = WireSettings(),
        refused: @escaping Refusal = { _, _ in }
    ) throws(KerfError) {
        let host = address.host == "localhost" ? "127.0.0.1" : address.host
        guard address.isIPv4 || address.isIPv6 || address.isLoopback else {
            throw KerfError(
                .invalidArgument, at: "\(address)", "not an address of this machine",
                remedy: "listen on an address such as 0.0.0.0:4433, [::]:4433 or 127.0.0.1:4433")
        }
        let transportSecurity: Transport.TransportSecurity
        switch security {
        case .tls(let credentials, _): transportSecurity = try credentials.serverSecurity()
        case .insecureLoopback:
            guard address.isLoopback else { throw Self.notLoopback(address) }
            transportSecurity = .plaintext
        }
        let gate = ConnectionGate(settings: settings, needsTLS: security.isTLS, refused: refused)
        self.address = address
        self.security = security
        self.gate = gate
        self.refused = refused
        transport = Transport(
            address: address.isIPv6 ? .ipv6(host: host, port: address.port) : .ipv4(host: host, port: address.port),
            transportSecurity: transportSecurity,
            config: settings.serverConfiguration { gate.admit($0) })
    }

    /// The port that the server listens on. Waits until ``run(handler:)`` has bound it.
    ///
    /// - Throws: ``KerfError/Code/unavailable`` when it could not be bound or the server has stopped.
    package var port: Int {
        get async throws {
            let bound = try? await transport.listeningAddress
            guard let port = bound?.ipv4?.port ?? bound?.ipv6?.port else {
                throw KerfError(.unavailable, at: "\(address)", "the server does not listen")
            }
            return port
        }
    }

    /// Connections that are open.
    package var connectionCount: Int { gate.count }

    /// Serves until ``stop()``, and then until the exchanges that run have ended. Canceling its task ends them at once.
    ///
    /// - Throws: ``KerfError`` when the address cannot be bound; `CancellationError`.
    package func run(handler: @escaping Handler) async throws {
        var context = GRPCServerContext()
        context.methods = SplitMethod.allCases.map(\.descriptor)
        transport.configure(context: context)
        do {
            try await transport.listen { [security, refused] stream, context in
                await Self.serve(stream, context, security, refused, handler)
            }
        } catch let error as IOError {
            throw Self.bindError(error, at: address)
        }
        try Task.checkCancellation()
    }

    /// Accepts no more connections and exchanges.
    package func stop() { transport.beginGracefulShutdown() }

    private static func serve(
        _ stream: RPCStream<Transport.Inbound, Transport.Outbound>, _ context: ServerContext,
        _ security: ServerSecurity, _ refused: Refusal, _ handler: Handler
    ) async {
        let status: Status
        do {
            guard let method = SplitMethod(rawValue: context.descriptor.method), context.descriptor == method.descriptor
            else { throw RPCError(code: .unimplemented, message: "no such method") }
            let name: String
            do { name = try Self.name(of: context, security) } catch {
                refused(context.remotePeer, error)
                throw error
            }
            let inbound = RPCInbound(stream.inbound)
            guard case .metadata = try await inbound.next() else { return await stream.outbound.finish() }
            try await stream.outbound.write(.metadata([:]))
            try await handler(
                ServerChannel(inbound, stream.outbound, peer: name),
                WirePeer(name: name, address: context.remotePeer, method: method) {
                    _ = try Self.name(of: context, security)
                })
            status = Status(code: .ok, message: "")
        } catch let error as KerfError {
            status = Status(
                code: error.code == .refusedByPeer ? .permissionDenied : .aborted, message: error.description)
        } catch let error as RPCError {
            status = Status(code: .init(error.code), message: error.message)
        } catch {
            status = Status(code: .unavailable, message: "the server failed")
        }
        // The device may be gone, and then nobody is told.
        try? await stream.outbound.write(.status(status, [:]))
        await stream.outbound.finish()
    }

    /// The device's name from the certificate that the handshake has checked.
    private static func name(of context: ServerContext, _ security: ServerSecurity) throws(KerfError) -> String {
        guard case .tls(_, let verify) = security else { return "insecure" }
        guard let certificate = (context.transportSpecific as? Transport.Context)?.peerCertificate else {
            throw KerfError(.refusedByPeer, "no client certificate")
        }
        do {
            return try verify(certificate)
        } catch {
            throw KerfError(.refusedByPeer, (error as? KerfError)?.description ?? "this certificate is not accepted")
        }
    }

    private static func bindError(_ error: IOError, at address: HostPort) -> KerfError {
        switch Errno(rawValue: error.errnoCode) {
        case .addressInUse:
            KerfError(
                .inUse, at: "\(address)", "another process listens on this port", cause: .addressInUse,
                remedy: "end it, or choose another port; port 0 takes a free one")
        case .permissionDenied:
            KerfError(
                .permissionDenied, at: "\(address)", "no permission to listen on this port", cause: .permissionDenied,
                remedy: "choose a port from 1024 on")
        case let cause:
            KerfError(
                .cannotCreate, at: "\(address)", "cannot listen: \(cause)", cause: cause,
                remedy: "listen on an address of this machine, such as 0.0.0.0:4433, [::]:4433 or 127.0.0.1:4433")
        }
    }

    static func notLoopback(_ address: HostPort) -> KerfError {
        KerfError(
            .invalidArgument, at: "\(address)", "without TLS both ends must be on this machine",
            remedy: "make keys, or use an address such as 127.0.0.1")
    }
}

extension ServerSecurity {
    var isTLS: Bool {
        if case .tls = self { true } else { false }
    }
}
