import SystemIO
import Testing

@testable import SplitTraining

/// Connections without TLS: failures, limits, many clients.
@Suite("Connections of the wire")
struct ConnectionTests {
    @Test("connection refused, unknown host, no answer, not loopback: one line each")
    func unreachable() async throws {
        let refused = await WireFixture.failure(to: try HostPort(parsing: "127.0.0.1:1"), .insecureLoopback)
        #expect(
            refused?.code == .unreachable && refused?.message == "connection refused",
            "\(refused.map(\.description) ?? "none")")
        let remote = await WireFixture.failure(to: try HostPort(parsing: "192.0.2.1:1"), .insecureLoopback)
        #expect(remote?.code == .invalidArgument)
        let silent = try RawSocket.listening()
        let address = try HostPort(parsing: "127.0.0.1:\(silent.port)")
        let late = await WireFixture.failure(to: address, .insecureLoopback, timeout: .milliseconds(300))
        #expect(
            late?.code == .unreachable && late?.message == "no answer in time", "\(late.map(\.description) ?? "none")")
        #expect(throws: KerfError.self) {
            try FrameServer(listen: HostPort(parsing: "0.0.0.0:0"), security: .insecureLoopback)
        }
    }

    @Test(
        "addresses of no server are refused with what to write",
        arguments: [
            ("http://edge:1", "is a URL; write HOST:PORT"), ("edge", "is not HOST:PORT"), ("edge:", "is not HOST:PORT"),
            ("edge:+1", "with a port of 0 to 65535"), ("edge:65536", "with a port of 0 to 65535"),
            ("*:1", "does not name a host"), ("a/b:1", "does not name a host"), (":1", "does not name a host"),
            ("::1:1", "in brackets"), ("[::g]:1", "not an IPv6 address"),
        ])
    func addresses(_ text: String, says: String) {
        let error = #expect(throws: KerfError.self) { try HostPort(parsing: text) }
        #expect(error?.code == .invalidArgument && error?.description.contains(says) == true, "\(text)")
    }

    @Test("a host without an address")
    func unknownHost() async throws {
        let device = try TestAuthority().credentials("device")
        let error = await WireFixture.failure(to: try HostPort(parsing: "no-such-host.invalid:1"), .tls(device))
        #expect(error?.code == .unreachable && error?.remedy != nil, "\(error.map(\.description) ?? "none")")
    }

    @Test("a port that is taken")
    func portTaken() async throws {
        let silent = try RawSocket.listening()
        let server = try FrameServer(listen: HostPort(parsing: "127.0.0.1:\(silent.port)"), security: .insecureLoopback)
        await #expect { try await server.run(handler: WireFixture.echo) } throws: { ($0 as? KerfError)?.code == .inUse }
    }

    @Test("50 clients at a time")
    func manyClients() async throws {
        try await WireFixture.serving(.insecureLoopback, handler: WireFixture.echo) { address, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in UInt8(0)..<50 {
                    group.addTask {
                        try await FrameClient.connect(to: address, security: .insecureLoopback, timeout: .seconds(60)) {
                            channel in
                            for step in UInt8(0)..<20 {
                                try await channel.send(Frame(control: [client, step]))
                                #expect(try await channel.receiveControl() == [client, step])
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("more connections than allowed are closed, and those that are open go on")
    func connectionLimit() async throws {
        var settings = WireSettings()
        settings.maximumConnections = 1
        try await WireFixture.serving(.insecureLoopback, settings: settings, handler: WireFixture.echo) { address, _ in
            try await FrameClient.connect(to: address, security: .insecureLoopback, timeout: .seconds(60)) { channel in
                #expect(await WireFixture.failure(to: address, .insecureLoopback)?.code == .unreachable)
                try await channel.send(Frame(control: [7]))
                #expect(try await channel.receiveControl() == [7])
            }
        }
    }

    @Test("a handler's error reaches the device, and ends its exchange only")
    func handlerError() async throws {
        let handler: FrameServer.Handler = { channel, _ in
            guard try await channel.receiveControl() == [1] else { throw KerfError(.unusableData, "another model") }
        }
        try await WireFixture.serving(.insecureLoopback, handler: handler) { address, _ in
            let error = await WireFixture.failure(to: address, .insecureLoopback) { channel in
                try await channel.send(Frame(control: [2]))
                _ = try await channel.receive()
            }
            #expect(error?.code == .refusedByPeer && error?.message.contains("another model") == true)
            #expect(
                await WireFixture.failure(to: address, .insecureLoopback) { try await $0.send(Frame(control: [1])) }
                    == nil)
        }
    }

    @Test("a device that vanishes: its exchange fails on the server, which goes on")
    func vanishing() async throws {
        let (errors, report) = AsyncStream.makeStream(of: KerfError?.self)
        let handler: FrameServer.Handler = { channel, _ in
            do {
                while let frame = try await channel.receive() { try await channel.send(frame) }
                report.yield(nil)
            } catch {
                report.yield(error as? KerfError ?? KerfError(.internalError, "\(error)"))
                throw error
            }
        }
        try await WireFixture.serving(.insecureLoopback, handler: handler) { address, _ in
            let lost = await WireFixture.failure(to: address, .insecureLoopback) { channel in
                try await channel.send(Frame(control: [1]))
                _ = try await channel.receiveControl()
                try await channel.closeSocket()
                _ = try await channel.receive()
            }
            #expect(lost?.code == .connectionLost, "\(lost.map(\.description) ?? "none")")
            var iterator = errors.makeAsyncIterator()
            let seen = try #require(await iterator.next())
            #expect(seen?.code == .connectionLost, "\(seen.map(\.description) ?? "none")")
            #expect(await WireFixture.failure(to: address, .insecureLoopback) == nil)
        }
    }

    @Test("stop lets exchanges end; canceling ends them at once")
    func stopping() async throws {
        let server = try FrameServer(listen: HostPort(parsing: "127.0.0.1:0"), security: .insecureLoopback)
        let running = Task { try await server.run(handler: WireFixture.echo) }
        let address = try HostPort(parsing: "127.0.0.1:\(await server.port)")
        try await FrameClient.connect(to: address, security: .insecureLoopback, timeout: .seconds(60)) { channel in
            server.stop()
            try await channel.send(Frame(control: [1]))
            #expect(try await channel.receiveControl() == [1])
        }
        try await running.value

        let other = try FrameServer(listen: HostPort(parsing: "127.0.0.1:0"), security: .insecureLoopback)
        let task = Task { try await other.run(handler: WireFixture.echo) }
        let second = try HostPort(parsing: "127.0.0.1:\(await other.port)")
        let lost = await WireFixture.failure(to: second, .insecureLoopback) { channel in
            task.cancel()
            _ = try await channel.receive()
        }
        #expect(lost?.code == .connectionLost, "\(lost.map(\.description) ?? "none")")
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
