import SystemIO
import Testing
import X509

@testable import SplitTraining

/// Whoever runs a server learns why a device gets no connection.
@Suite("Refusals that a server reports", .timeLimit(.minutes(20)))
struct RefusalTests {
    private let authority: TestAuthority
    private let server: WireCredentials

    init() throws {
        authority = try TestAuthority()
        server = try authority.credentials("server", isServer: true)
    }

    /// What a server reports while `body` runs, with the addresses.
    private func reports(
        _ settings: WireSettings = WireSettings(), count: Int = 1,
        verify: @escaping @Sendable (Certificate) throws -> String = WireFixture.commonName,
        _ body: @escaping @Sendable (HostPort) async throws -> Void
    ) async throws -> [(address: String, reason: KerfError)] {
        let (refusals, report) = AsyncStream.makeStream(of: (address: String, reason: KerfError).self)
        return try await WireFixture.serving(
            .tls(server, verify: verify), settings: settings, refused: { report.yield(($0, $1)) },
            handler: WireFixture.echo
        ) { address, _ in
            try await body(address)
            var found: [(address: String, reason: KerfError)] = []
            for await refusal in refusals {
                found.append(refusal)
                if found.count == count { break }
            }
            return found
        }
    }

    @Test("a certificate of another authority, an expired one, a server's")
    func certificates() async throws {
        var stranger = try TestAuthority().credentials("device")
        stranger.trustRoots = try authority.bytes("ca.pem")
        let refused = [stranger, try authority.credentials("old", days: -1), server]
        let found = try await reports(count: 3) { address in
            for credentials in refused { _ = await WireFixture.failure(to: address, .tls(credentials)) }
        }
        for refusal in found {
            #expect(refusal.reason.message.hasPrefix("its certificate is from another authority"))
            #expect(refusal.address.hasPrefix("ipv4:127.0.0.1:"))
        }
    }

    @Test("plain text, and a peer that says nothing")
    func noTLS() async throws {
        let plain = try await reports { address in
            _ = await WireFixture.failure(to: address, .insecureLoopback)
        }
        #expect(plain.map(\.reason.message) == ["it does not speak TLS"])
        var settings = WireSettings()
        settings.handshakeTimeout = .milliseconds(50)
        let silent = try await reports(settings) { address in
            let raw = try RawSocket.connected(to: address.port)
            #expect(await raw.read(1).isEmpty, "closed by the server")
        }
        #expect(silent.map(\.reason.message) == ["its TLS handshake takes too long"])
    }

    @Test("more connections than there are places")
    func full() async throws {
        var settings = WireSettings()
        settings.maximumConnections = 1
        let found = try await reports(settings) { address in
            let first = try RawSocket.connected(to: address.port)
            let second = try RawSocket.connected(to: address.port)
            #expect(await second.read(1).isEmpty, "closed by the server")
            withExtendedLifetime(first) {}
        }
        #expect(found.map(\.reason.message) == ["all 1 places are taken by open connections"])
    }

    @Test("a device that is not accepted, with its reason")
    func revoked() async throws {
        let device = try authority.credentials("device")
        let verify: @Sendable (Certificate) throws -> String = { _ in
            throw KerfError(.refusedByPeer, "revoked on 2026-01-02")
        }
        let found = try await reports(verify: verify) { address in
            _ = await WireFixture.failure(to: address, .tls(device))
        }
        #expect(found.map(\.reason.message) == ["revoked on 2026-01-02"])
    }
}
