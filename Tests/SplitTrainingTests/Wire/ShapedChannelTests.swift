import CARD
import SystemIO
import Testing

@testable import SplitTraining

/// Pacing, in simulated time.
@Suite("Shaped links")
struct ShapedChannelTests {
    private static func chunk(_ count: Int) -> Frame {
        [UInt8](repeating: 1, count: count).withUnsafeBytes { Frame(.chunk, $0) }
    }

    @Test("a frame leaves when the one before has left, and arrives a delay later")
    func direction() {
        // 1 Mbit/s: 125 bytes take 1 ms.
        var direction = ShapedDirection(bitsPerSecond: 1e6, delayNanoseconds: 10_000_000)
        #expect(direction.arrival(of: 125, at: 0) == 11_000_000)
        #expect(direction.arrival(of: 250, at: 0) == 13_000_000)
        #expect(direction.arrival(of: 125, at: 2_500_000) == 14_000_000, "still busy until 3 ms")
        #expect(direction.arrival(of: 125, at: 50_000_000) == 61_000_000, "idle time is not saved up")
    }

    @Test("rounding does not add up over a million frames")
    func exact() {
        var direction = ShapedDirection(bitsPerSecond: 3e6, delayNanoseconds: 0)
        var last: Int64 = 0
        for _ in 0..<1_000_000 { last = direction.arrival(of: 1, at: 0) }
        #expect(abs(Double(last) - 8e6 / 3e6 * 1e9) <= 10)
    }

    @Test("chunks are cut into about 2 ms, between 1 KiB and 1 MiB; control messages are not cut")
    func pieces() throws {
        let rates: [Double: Int] = [1e3: 1024, 20e6: 5000, 1e9: 250_000, 1e12: 1 << 20]
        for (rate, bytes) in rates {
            #expect(ShapedDirection(bitsPerSecond: rate, delayNanoseconds: 0).pieceBytes == bytes)
        }
        let payload = (0..<10_001).map { UInt8(truncatingIfNeeded: $0) }
        let pieces = payload.withUnsafeBytes { Frame(.chunk, $0) }.pieces(of: 5000)
        #expect(pieces.map(\.count) == [5000, 5000, 1] && pieces.flatMap(\.payload) == payload)
        #expect(try Frame(control: payload).pieces(of: 5000).count == 1)
    }

    @Test("what the device sends reaches the real channel at the times of the link")
    func uplink() async throws {
        let clock = ManualClock()
        let (device, server) = MemoryChannel.pair()
        // 8 Mbit/s: 1000 bytes take 1 ms, the kind byte included; one way takes 5 ms.
        let shape = try LinkShape(parsing: "up=8mbit,down=80mbit,rtt=10ms")
        async let done: Void = ShapedChannel.with(device, shape: shape, clock: clock) { channel in
            for _ in 0..<3 { try await channel.send(Self.chunk(999)) }
        }
        for frame in 1...3 {
            let due = await clock.nextDeadline()
            #expect(due == Int64(frame) * 1_000_000 + 5_000_000)
            clock.advance(to: due)
            #expect(try await server.receive()?.count == 999)
        }
        try await done
    }

    @Test("what the server sends is handed out at the times of the link, stamped when it came")
    func downlink() async throws {
        let clock = ManualClock()
        let (device, server) = MemoryChannel.pair()
        let shape = try LinkShape(parsing: "up=80mbit,down=8mbit,rtt=10ms")
        for _ in 0..<3 { try await server.send(Self.chunk(999)) }
        server.finish()
        async let received: Int = ShapedChannel.with(device, shape: shape, clock: clock) { channel in
            var frames = 0
            while try await channel.receive() != nil { frames += 1 }
            return frames
        }
        for frame in 1...3 {
            let due = await clock.nextDeadline()
            #expect(due > Int64(frame) * 1_000_000 && due <= Int64(frame) * 1_000_000 + 5_000_000 * Int64(frame))
            clock.advance(to: due)
        }
        #expect(try await received == 3)
    }

    @Test("the delay does not limit the rate: all of a burst is on the link at once")
    func pipelined() async throws {
        let clock = ManualClock()
        let (device, server) = MemoryChannel.pair()
        let shape = try LinkShape(parsing: "up=8mbit,down=8mbit,rtt=2s")
        async let done: Void = ShapedChannel.with(device, shape: shape, clock: clock) { channel in
            for _ in 0..<100 { try await channel.send(Self.chunk(999)) }
        }
        #expect(await clock.nextDeadline() == 1_001_000_000)
        clock.advance(to: 1_100_000_000)
        for _ in 0..<100 { #expect(try await server.receive() != nil) }
        try await done
    }

    @Test("an error of the body ends the exchange, and is the error")
    func bodyError() async throws {
        let (device, _) = MemoryChannel.pair()
        let shape = try LinkShape(parsing: "up=8mbit,down=8mbit,rtt=2ms")
        await #expect {
            try await ShapedChannel.with(device, shape: shape) { _ in throw KerfError(.unusableData, "mine") }
        } throws: { ($0 as? KerfError)?.message == "mine" }
    }
}
