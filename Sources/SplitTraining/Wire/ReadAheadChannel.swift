import Synchronization
import SystemIO

/// A channel that takes frames from the transport as they come, so that each is stamped when it arrived and not when a
/// busy task asked for it.
package final class ReadAheadChannel: FrameChannel {
    /// Bytes that are held; beyond that the peer waits.
    private static let heldBytes = 32 << 20

    private let channel: any FrameChannel
    private let incoming = TimedQueue(limitBytes: heldBytes)
    private let arrival = Mutex(MonotonicInstant.now())

    private init(_ channel: any FrameChannel) { self.channel = channel }

    /// Runs `body` with a channel that reads ahead.
    ///
    /// - Throws: what `body` throws.
    package static func with<Result: Sendable>(
        _ channel: any FrameChannel, _ body: @escaping @Sendable (any FrameChannel) async throws -> Result
    ) async throws -> Result {
        let ahead = ReadAheadChannel(channel)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await ahead.deliver() }
            defer { group.cancelAll() }
            return try await body(ahead)
        }
    }

    package func send(_ frame: Frame) async throws { try await channel.send(frame) }

    package func receive() async throws -> Frame? {
        guard let (frame, time) = try await incoming.take() else { return nil }
        arrival.withLock { $0 = MonotonicInstant(nanoseconds: time) }
        return frame
    }

    package var lastArrival: MonotonicInstant { arrival.withLock(\.self) }

    private func deliver() async {
        do {
            while let frame = try await channel.receive() {
                try await incoming.add(frame, at: MonotonicInstant.now().nanoseconds)
            }
            await incoming.finish()
        } catch { await incoming.finish(.failure(error)) }
    }
}
