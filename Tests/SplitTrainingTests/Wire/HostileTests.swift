import GRPCNIOTransportHTTP2Posix
import SystemIO
import Testing

@testable import SplitTraining

/// Bytes that no client of Kerf sends, over HTTP/2 written by hand, and the settings that the transport announces.
@Suite("Hostile peers and settings")
struct HostileTests {
    /// The error that the server's handler meets in a raw call, or `nil` where the exchange ends; the server must
    /// serve a good client afterwards.
    private func errorOfHandler(_ data: [UInt8], ends: Bool = false) async throws -> KerfError? {
        let (errors, report) = AsyncStream.makeStream(of: KerfError?.self)
        let handler: FrameServer.Handler = { channel, _ in
            do {
                while try await channel.receive() != nil { Issue.record("a frame was delivered") }
                report.yield(nil)
            } catch {
                report.yield(error as? KerfError ?? KerfError(.internalError, "\(error)"))
                throw error
            }
        }
        return try await WireFixture.serving(.insecureLoopback, handler: handler) { address, _ in
            let raw = RawHTTP2(socket: try .connected(to: address.port))
            try raw.open()
            try await raw.waitForHeaders()
            try raw.send(data, ends: ends)
            var iterator = errors.makeAsyncIterator()
            let error = try #require(await iterator.next())
            #expect(await WireFixture.failure(to: address, .insecureLoopback) == nil)
            return error
        }
    }

    @Test(
        "an unknown kind, an empty message", arguments: [[0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 1, 255], [0, 0, 0, 0, 0]])
    func unknownKind(data: [UInt8]) async throws {
        #expect(try await errorOfHandler(data)?.code == .malformed)
    }

    @Test("a length of 4 GiB, and of one byte too many, is refused before the message comes")
    func oversized() async throws {
        for length: [UInt8] in [[255, 255, 255, 255], [0, 16, 0, 2]] {
            let error = try await errorOfHandler([0] + length + [1])
            #expect(error?.code == .malformed, "\(error?.description ?? "none")")
        }
    }

    @Test("a message that is cut off is never delivered")
    func truncated() async throws { _ = try await errorOfHandler([0, 0, 0, 0, 9, 1, 2, 3], ends: true) }

    @Test("the largest frame passes both ways, and one more byte does not")
    func largest() async throws {
        let largest = [UInt8](repeating: 9, count: Frame.maximumPayload)
        try await WireFixture.serving(.insecureLoopback, handler: WireFixture.echo) { address, _ in
            try await FrameClient.connect(to: address, security: .insecureLoopback, timeout: .seconds(60)) { channel in
                try await channel.send(Frame(control: largest))
                #expect(try await channel.receiveControl() == largest)
            }
        }
        #expect(throws: KerfError.self) { try Frame(control: largest + [0]) }
        #expect(throws: KerfError.self) { try Frame(received: .init(repeating: 0, count: Frame.maximumBytes + 1)) }
    }

    @Test("the server announces its windows, not the transport's 64 KiB, and grants them to the connection too")
    func serverSettings() async throws {
        try await WireFixture.serving(.insecureLoopback, handler: WireFixture.echo) { address, _ in
            let raw = RawHTTP2(socket: try .connected(to: address.port))
            try raw.open()
            try raw.send([0, 0, 0, 0x40, 0] + [UInt8](repeating: 0, count: 0x3f00))
            var granted: [UInt32: Int] = [:]
            var settings: [UInt16: UInt32] = [:]
            while granted[0] == nil, let frame = await raw.read() {
                if frame.kind == RawHTTP2.Frame.settings, frame.flags == 0 { settings = RawHTTP2.settings(frame) }
                if frame.kind == RawHTTP2.Frame.windowUpdate {
                    granted[frame.stream, default: 0] += frame.payload.reduce(0) { $0 << 8 | Int($1) }
                }
            }
            #expect(settings[4] == 16 << 20, "SETTINGS_INITIAL_WINDOW_SIZE")
            #expect(settings[5] == UInt32(WireSettings().maximumFrameBytes), "SETTINGS_MAX_FRAME_SIZE")
            #expect(settings[3] == 4, "SETTINGS_MAX_CONCURRENT_STREAMS")
            #expect(granted[0, default: 0] >= 15 << 20, "the connection's window")
        }
    }

    @Test("the client announces its windows")
    func clientSettings() async throws {
        let listener = try RawSocket.listening()
        let address = try HostPort(parsing: "127.0.0.1:\(listener.port)")
        async let failure = WireFixture.failure(to: address, .insecureLoopback, timeout: .seconds(60))
        let raw = RawHTTP2(socket: try await listener.accepted())
        #expect(await raw.socket.read(RawHTTP2.preface.count) == RawHTTP2.preface)
        let settings = RawHTTP2.settings(try #require(await raw.read()))
        #expect(settings[4] == 16 << 20 && settings[5] == UInt32(WireSettings().maximumFrameBytes))
        try raw.socket.write(Array("HTTP/1.1 400 no\r\n\r\n".utf8))
        #expect(await failure?.code == .unreachable)
    }

    @Test("a server that sends too large a message is told apart from one that is gone")
    func oversizedAnswer() async throws {
        let listener = try RawSocket.listening()
        let address = try HostPort(parsing: "127.0.0.1:\(listener.port)")
        async let failure = WireFixture.failure(to: address, .insecureLoopback, timeout: .seconds(60)) { channel in
            _ = try await channel.receive()
        }
        let raw = RawHTTP2(socket: try await listener.accepted())
        #expect(await raw.socket.read(RawHTTP2.preface.count) == RawHTTP2.preface)
        try raw.write(.init(kind: RawHTTP2.Frame.settings, flags: 0, stream: 0, payload: []))
        try await raw.waitForHeaders()
        // :status 200 of the static table, and content-type.
        let type = Array("content-type".utf8), value = Array("application/grpc".utf8)
        let block = [0x88, 0, UInt8(type.count)] + type + [UInt8(value.count)] + value
        try raw.write(.init(kind: RawHTTP2.Frame.headers, flags: 4, stream: 1, payload: block))
        try raw.send([0, 0, 16, 0, 2, 1])
        #expect(await failure?.code == .malformed)
    }
}
