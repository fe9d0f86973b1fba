import NIOCore
import SystemIO
import X509

@testable import SplitTraining

/// A server in this process, for the time of a test.
enum WireFixture {
    /// Runs `body` with the address of a server, and stops the server at once.
    static func serving<Result: Sendable>(
        _ security: ServerSecurity, settings: WireSettings = WireSettings(),
        refused: @escaping FrameServer.Refusal = { _, _ in }, handler: @escaping FrameServer.Handler,
        _ body: @escaping @Sendable (HostPort, FrameServer) async throws -> Result
    ) async throws -> Result {
        let server = try FrameServer(
            listen: HostPort(parsing: "127.0.0.1:0"), security: security, settings: settings, refused: refused)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(handler: handler) }
            defer { group.cancelAll() }
            let port = try await server.port
            return try await body(HostPort(parsing: "127.0.0.1:\(port)"), server)
        }
    }

    /// The common name of a certificate.
    static func commonName(_ certificate: Certificate) throws -> String {
        "\(certificate.subject)".replacing("CN=", with: "")
    }

    /// Sends back every frame.
    static let echo: FrameServer.Handler = { channel, _ in
        while let frame = try await channel.receive() { try await channel.send(frame) }
    }

    /// The error of an attempt to connect, or `nil` where it succeeds.
    static func failure(
        to server: HostPort, _ security: ClientSecurity, settings: WireSettings = WireSettings(),
        timeout: Duration = .seconds(60),
        _ body: @escaping @Sendable (ClientChannel) async throws -> Void = { _ in }
    ) async -> KerfError? {
        do {
            try await FrameClient.connect(to: server, security: security, settings: settings, timeout: timeout, body)
            return nil
        } catch {
            return error as? KerfError ?? KerfError(.internalError, "\(type(of: error)): \(error)")
        }
    }
}

extension ClientChannel {
    /// Closes the connection without a word to the server, as when a process ends.
    func closeSocket() async throws { try await failure.record.current.channel?.close() }
}
