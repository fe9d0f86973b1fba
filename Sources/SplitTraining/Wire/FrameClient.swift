import GRPCCore
import GRPCNIOTransportHTTP2Posix
import NIOSSL
import SystemIO

/// The device's end of the wire.
package enum FrameClient {
    /// Time that a server has to end an exchange that the device has ended.
    private static let finishTimeout = Duration.seconds(10)

    /// Connects, runs an exchange, and ends it in order. An error that `body` throws ends it at once.
    ///
    /// - Parameters:
    ///   - timeout: time until the server has accepted the exchange.
    ///   - body: called when the server has accepted this device.
    /// - Throws: ``KerfError``: ``KerfError/Code/unreachable``, ``KerfError/Code/refusedByPeer``,
    ///   ``KerfError/Code/untrustedPeer``, ``KerfError/Code/connectionLost``; what `body` throws; `CancellationError`.
    package static func connect<Result: Sendable>(
        to server: HostPort, security: ClientSecurity, method: SplitMethod = .exchange,
        settings: WireSettings = WireSettings(), timeout: Duration = .seconds(10),
        _ body: @escaping @Sendable (ClientChannel) async throws -> Result
    ) async throws -> Result {
        let record = ConnectionRecord()
        let failure = ConnectionFailure(server: server, record: record, isTLS: security.isTLS)
        let transport = try makeTransport(to: server, security, settings, record)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await transport.connect()
                return nil
            }
            group.addTask {
                try await Task.sleep(for: timeout)
                guard record.current.isAccepted else { throw failure.timeout }
                return nil
            }
            group.addTask {
                do {
                    return try await exchange(transport, method, settings, failure, body)
                } catch { throw failure.error(for: error) }
            }
            defer {
                transport.beginGracefulShutdown()
                group.cancelAll()
            }
            while let ended = try await group.next() {
                if let result = ended { return result }
            }
            throw failure.lost
        }
    }

    private static func exchange<Result: Sendable>(
        _ transport: HTTP2ClientTransport.Posix, _ method: SplitMethod, _ settings: WireSettings,
        _ failure: ConnectionFailure, _ body: @escaping @Sendable (ClientChannel) async throws -> Result
    ) async throws -> Result {
        try await transport.withStream(descriptor: method.descriptor, options: settings.callOptions) { stream, _ in
            let inbound = RPCInbound(stream.inbound)
            let channel = ClientChannel(inbound, stream.outbound, failure)
            do {
                try await stream.outbound.write(.metadata([:]))
                switch try await inbound.next() {
                case .metadata: failure.record.update { $0.isAccepted = true }
                case .status(let status, _): try failure.check(status); throw failure.lost
                case .message, nil: throw failure.lost
                }
                let result = try await body(channel)
                try await withTimeout(finishTimeout, failure.lost) { try await channel.finish() }
                return result
            } catch {
                await stream.outbound.finish(throwing: error)
                throw error
            }
        }
    }

    private static func makeTransport(
        to server: HostPort, _ security: ClientSecurity, _ settings: WireSettings, _ record: ConnectionRecord
    ) throws -> HTTP2ClientTransport.Posix {
        let context: NIOSSLContext?
        switch security {
        case .tls(let credentials): context = try credentials.clientContext()
        case .insecureLoopback:
            guard server.isLoopback else { throw FrameServer.notLoopback(server) }
            context = nil
        }
        let target: any ResolvableTarget =
            server.isIPv4
            ? .ipv4(address: server.host, port: server.port)
            : server.isIPv6
                ? .ipv6(address: server.host, port: server.port) : .dns(host: server.host, port: server.port)
        let name = server.isIPv4 || server.isIPv6 ? nil : server.host
        return try HTTP2ClientTransport.Posix(
            target: target,
            // TLS is added by the record, since the transport's own allows version 1.2.
            transportSecurity: security.isTLS ? .customSecure : .plaintext,
            config: settings.clientConfiguration {
                record.prepare($0, context, serverName: name, peerTimeout: settings.peerTimeout)
            })
    }
}

extension ClientSecurity {
    var isTLS: Bool {
        if case .tls = self { true } else { false }
    }
}

/// Runs `body`, and cancels it after a time.
///
/// - Throws: `error` when the time is over, and what `body` throws.
func withTimeout<Result: Sendable>(
    _ timeout: Duration, _ error: any Error, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: timeout)
            throw error
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw error }
        return result
    }
}
