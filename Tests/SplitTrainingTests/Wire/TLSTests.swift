import CARD
import SystemIO
import Testing
import X509

@testable import SplitTraining

/// Who may connect, with certificates that openssl made.
@Suite("TLS of the wire")
struct TLSTests {
    private let authority: TestAuthority
    private let server: WireCredentials

    init() throws {
        authority = try TestAuthority()
        server = try authority.credentials("server", isServer: true)
    }

    private func failure(
        of client: ClientSecurity, verify: @escaping @Sendable (Certificate) throws -> String = WireFixture.commonName
    ) async throws -> KerfError? {
        try await WireFixture.serving(.tls(server, verify: verify), handler: WireFixture.echo) { address, _ in
            await WireFixture.failure(to: address, client)
        }
    }

    @Test("a device is known by the name in its certificate, and its frames come back")
    func name() async throws {
        let device = try authority.credentials("device-a")
        let handler: FrameServer.Handler = { channel, peer in
            try await channel.send(Frame(control: Array(peer.name.utf8)))
            try await WireFixture.echo(channel, peer)
        }
        try await WireFixture.serving(.tls(server, verify: WireFixture.commonName), handler: handler) { address, _ in
            try await FrameClient.connect(to: address, security: .tls(device), timeout: .seconds(60)) { channel in
                #expect(try await channel.receiveControl() == Array("device-a".utf8))
                try await channel.send(Frame(control: [1, 2, 3]))
                #expect(try await channel.receiveControl() == [1, 2, 3])
                #expect(await channel.socket().tlsVersion == "TLS 1.3")
            }
        }
    }

    @Test("a certificate of another authority")
    func otherAuthority() async throws {
        var device = try TestAuthority().credentials("device")
        #expect(try await failure(of: .tls(device))?.code == .untrustedPeer)
        device.trustRoots = try authority.bytes("ca.pem")
        let error = try await failure(of: .tls(device))
        #expect(
            error?.code == .refusedByPeer && error?.message.contains("authority") == true,
            "\(error.map(\.description) ?? "none")")
    }

    @Test("an expired certificate of the device and of the server")
    func expired() async throws {
        let error = try await failure(of: .tls(authority.credentials("device", days: -1)))
        #expect(
            error?.code == .refusedByPeer && error?.message.contains("expired") == true,
            "\(error.map(\.description) ?? "none")")
        let old = try authority.credentials("old", isServer: true, days: -1)
        let device = try authority.credentials("device")
        let other = try await WireFixture.serving(.tls(old, verify: WireFixture.commonName), handler: WireFixture.echo)
        {
            address, _ in await WireFixture.failure(to: address, .tls(device))
        }
        #expect(other?.code == .untrustedPeer, "\(other.map(\.description) ?? "none")")
    }

    @Test("a server's certificate as a device's, and a device's as a server's")
    func purposes() async throws {
        #expect(try await failure(of: .tls(server))?.code == .refusedByPeer)
        let device = try authority.credentials("device")
        let error = try await WireFixture.serving(
            .tls(device, verify: WireFixture.commonName), handler: WireFixture.echo
        ) {
            address, _ in await WireFixture.failure(to: address, .tls(device))
        }
        #expect(error?.code == .untrustedPeer, "\(error.map(\.description) ?? "none")")
    }

    @Test("a device that the server does not accept is told the server's reason")
    func revoked() async throws {
        let error = try await failure(of: .tls(authority.credentials("device"))) { _ in
            throw KerfError(.refusedByPeer, "revoked on 2026-01-02")
        }
        #expect(error?.code == .refusedByPeer && error?.message.contains("revoked on 2026-01-02") == true)
    }

    @Test("plain text against TLS, and TLS against plain text")
    func plainText() async throws {
        #expect(try await failure(of: .insecureLoopback)?.code == .unreachable)
        let device = try authority.credentials("device")
        let error = try await WireFixture.serving(.insecureLoopback, handler: WireFixture.echo) { address, _ in
            await WireFixture.failure(to: address, .tls(device), timeout: .seconds(5))
        }
        #expect(error?.code == .unreachable, "\(error.map(\.description) ?? "none")")
    }

    @Test("after every refusal the server still serves")
    func goesOn() async throws {
        let good = try authority.credentials("good")
        let bad = [try authority.credentials("bad", days: -1), try authority.credentials("srv", isServer: true)]
        try await WireFixture.serving(.tls(server, verify: WireFixture.commonName), handler: WireFixture.echo) {
            address, _ in
            for credentials in bad { #expect(await WireFixture.failure(to: address, .tls(credentials)) != nil) }
            #expect(await WireFixture.failure(to: address, .insecureLoopback) != nil)
            #expect(await WireFixture.failure(to: address, .tls(good)) == nil)
        }
    }

    @Test("damaged PEM and a key of another certificate are told before connecting")
    func damaged() async throws {
        var device = try authority.credentials("device")
        device.privateKey = try authority.bytes("server-key.pem")
        let address = try HostPort(parsing: "127.0.0.1:9")
        #expect(await WireFixture.failure(to: address, .tls(device))?.code == .malformed)
        device.certificateChain = Array("-----BEGIN CERTIFICATE-----\nAAAA\n".utf8)
        #expect(await WireFixture.failure(to: address, .tls(device))?.code == .malformed)
    }
}
