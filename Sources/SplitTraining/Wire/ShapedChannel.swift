import Synchronization
import SystemIO

/// A channel whose frames take as long as they would on a slower link, in both directions.
///
/// It wraps the device's end. What the device sends is given to the real channel when it would have arrived at the
/// server; what comes from the server is handed out when it would have arrived at the device. The real link's own time
/// adds to that, so it must be much faster than the shape.
package final class ShapedChannel: FrameChannel {
    /// Bytes that wait in one direction before the sender waits too: the buffer of a socket.
    static let bufferBytes = 4 << 20
    /// Bytes from the server that are held until their time.
    private static let heldBytes = 32 << 20

    private let channel: any FrameChannel
    private let clock: any WireClock
    private let outgoing = TimedQueue(limitBytes: bufferBytes)
    private let incoming = TimedQueue(limitBytes: heldBytes)
    private let uplink: Mutex<ShapedDirection>
    private let downlink: Mutex<ShapedDirection>
    private let arrival = Mutex(MonotonicInstant.now())

    private init(_ channel: any FrameChannel, _ shape: LinkShape, _ clock: any WireClock) {
        self.channel = channel
        self.clock = clock
        uplink = Mutex(shape.uplink)
        downlink = Mutex(shape.downlink)
    }

    /// Runs `body` with a shaped channel, and returns when all that it sent has been given to the real one.
    ///
    /// - Throws: what `body` and the channel throw.
    package static func with<Result: Sendable>(
        _ channel: any FrameChannel, shape: LinkShape, clock: any WireClock = RealWireClock(),
        _ body: @escaping @Sendable (any FrameChannel) async throws -> Result
    ) async throws -> Result {
        let shaped = ShapedChannel(channel, shape, clock)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await shaped.deliverIncoming() }
            async let sent: Void = shaped.deliverOutgoing()
            let result: Result
            do {
                result = try await body(shaped)
                await shaped.outgoing.finish()
                try await sent
            } catch {
                await shaped.outgoing.finish(.failure(error))
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            return result
        }
    }

    package func send(_ frame: Frame) async throws {
        for piece in frame.pieces(of: uplink.withLock { $0.pieceBytes }) {
            let now = clock.now()
            let arrival = uplink.withLock { $0.arrival(of: piece.count + 1, at: now) }
            try await outgoing.add(piece, at: arrival)
        }
    }

    package func receive() async throws -> Frame? {
        guard let (frame, time) = try await incoming.take() else { return nil }
        try await clock.sleep(until: time)
        arrival.withLock { $0 = MonotonicInstant(nanoseconds: time) }
        return frame
    }

    package var lastArrival: MonotonicInstant { arrival.withLock(\.self) }

    private func deliverOutgoing() async throws {
        do {
            while let (frame, time) = try await outgoing.take() {
                try await clock.sleep(until: time)
                try await channel.send(frame)
            }
        } catch {
            await outgoing.finish(.failure(error))
            throw error
        }
    }

    /// Reads as frames come, so that each is stamped when it came and not when it was asked for.
    private func deliverIncoming() async {
        do {
            while let frame = try await channel.receive() {
                let now = clock.now()
                let arrival = downlink.withLock { $0.arrival(of: frame.count + 1, at: now) }
                try await incoming.add(frame, at: arrival)
            }
            await incoming.finish()
        } catch { await incoming.finish(.failure(error)) }
    }
}

extension Frame {
    /// The frame itself, or a chunk cut into several of at most `bytes`.
    func pieces(of bytes: Int) -> [Frame] {
        guard kind == .chunk, count > bytes else { return [self] }
        return withPayload { payload in
            stride(from: 0, to: payload.count, by: bytes).map { start in
                let end = min(start + bytes, payload.count)
                return Frame(.chunk, UnsafeRawBufferPointer(rebasing: payload[start..<end]))
            }
        }
    }
}
