import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import SplitTraining

/// What happens before HTTP/2: versions of TLS, time limits, TCP's timers.
@Suite("Admission of connections")
struct AdmissionTests {
    private static func serving<Result: Sendable>(
        _ authority: TestAuthority, _ settings: WireSettings = WireSettings(),
        handler: @escaping FrameServer.Handler = WireFixture.echo,
        _ body: @escaping @Sendable (HostPort, FrameServer) async throws -> Result
    ) async throws -> Result {
        let server = try authority.credentials("server", isServer: true)
        return try await WireFixture.serving(
            .tls(server, verify: WireFixture.commonName), settings: settings, handler: handler, body)
    }

    /// The bytes that a server sends to a client of one TLS version before it closes, or until the first have come. The
    /// client opens a call at once.
    private static func bytesSent(
        to version: TLSVersion, _ credentials: WireCredentials, showsCertificate: Bool = true, at port: Int
    ) async throws -> Int {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = version
        configuration.maximumTLSVersion = version
        configuration.applicationProtocols = ["h2"]
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(credentials.trustRoots))
        if showsCertificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(credentials.certificateChain)
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: credentials.privateKey, format: .pem))
        }
        let context = try NIOSSLContext(configuration: configuration)
        let counted = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Int.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    try pipeline.addHandler(ByteCounter(counted))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        channel.writeAndFlush(ByteBuffer(bytes: RawHTTP2.opening), promise: nil)
        let count = try await counted.futureResult.get()
        channel.close(promise: nil)
        return count
    }

    @Test("TLS 1.3 is served; TLS 1.2 is closed without a byte of HTTP/2")
    func versions() async throws {
        let authority = try TestAuthority()
        let device = try authority.credentials("device")
        try await Self.serving(authority) { address, _ in
            let (new, old) = (
                try await Self.bytesSent(to: .tlsv13, device, at: address.port),
                try await Self.bytesSent(to: .tlsv12, device, at: address.port)
            )
            #expect(new > 0 && old == 0)
        }
    }

    @Test("a client without a certificate is closed without a byte of HTTP/2, and a device with one is served")
    func noCertificate() async throws {
        let authority = try TestAuthority()
        let device = try authority.credentials("device")
        let (names, report) = AsyncStream.makeStream(of: String.self)
        try await Self.serving(authority, handler: { _, peer in report.yield(peer.name) }) { address, _ in
            let count = try await Self.bytesSent(to: .tlsv13, device, showsCertificate: false, at: address.port)
            #expect(count == 0)
            #expect(await WireFixture.failure(to: address, .tls(device)) == nil)
        }
        report.finish()
        let callers = await names.reduce(into: [String]()) { $0.append($1) }
        #expect(callers == ["device"])
    }

    @Test("a client that says nothing is closed after the handshake's time, and its place is free again")
    func silence() async throws {
        var settings = WireSettings()
        settings.handshakeTimeout = .milliseconds(50)
        try await Self.serving(TestAuthority(), settings) { address, server in
            let raw = try RawSocket.connected(to: address.port)
            #expect(await raw.read(1).isEmpty, "closed by the server")
            while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    @Test("TCP gives up a silent peer after the settings' time")
    func peerTimeout() async throws {
        try await WireFixture.serving(.insecureLoopback, handler: WireFixture.echo) { address, _ in
            try await FrameClient.connect(to: address, security: .insecureLoopback, timeout: .seconds(60)) { channel in
                let socket = try #require(channel.failure.record.current.channel)
                let options: [(CInt, Int)] = [(18, 10_000), (4, 5), (5, 1), (6, 3)]
                for (name, value) in options {
                    let option = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: name))
                    let set = try await socket.getOption(option).get() & 0xffff_ffff
                    #expect(set == value, "option \(name) of tcp(7)")
                }
            }
        }
    }
}

/// Counts the bytes after TLS until the first have come, or the connection ends.
private final class ByteCounter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let count: EventLoopPromise<Int>

    init(_ count: EventLoopPromise<Int>) { self.count = count }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        count.succeed(unwrapInboundIn(data).readableBytes)
    }

    func channelInactive(context: ChannelHandlerContext) { count.succeed(0) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
