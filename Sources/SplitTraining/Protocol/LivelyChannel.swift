import Synchronization
import SystemIO

/// A device's end of a connection, which sends a sign of life while the device computes for long.
///
/// The server takes a device that is silent in its turn for gone. At the last cut, and in long passes, there is nothing
/// to send for a long time.
final class LivelyChannel: MessageChannel {
    /// Time without any message after which a sign of life is sent.
    static let pauseSeconds = 10.0

    private let channel: any MessageChannel
    private let sending = FairLock()
    /// nil before the first message, the greeting, which must come first.
    private let lastSent = Mutex<MonotonicInstant?>(nil)

    private init(_ channel: any MessageChannel) { self.channel = channel }

    /// Runs `body` with a channel that stays lively.
    ///
    /// - Throws: what `body` throws.
    static func with<Result: Sendable>(
        _ channel: any MessageChannel, pauseSeconds: Double = pauseSeconds,
        _ body: @escaping @Sendable (any MessageChannel) async throws -> Result
    ) async throws -> Result {
        let lively = LivelyChannel(channel)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            // A connection that is lost ends the body too, which says so.
            group.addTask { try? await lively.signal(every: pauseSeconds) }
            defer { group.cancelAll() }
            return try await body(lively)
        }
    }

    func send(_ message: Control.OneOf_Kind, tensor: [UInt8]) async throws {
        try await sending.acquire()
        do {
            try await channel.send(message, tensor: tensor)
        } catch {
            await sending.release()
            throw error
        }
        lastSent.withLock { $0 = .now() }
        await sending.release()
    }

    func receive() async throws -> IncomingMessage? { try await channel.receive() }
    func receiveTensor(byteCount: Int) async throws -> [UInt8] { try await channel.receiveTensor(byteCount: byteCount) }
    var lastArrival: MonotonicInstant { channel.lastArrival }
    func limited(_ limit: SilenceLimit) -> any MessageChannel { channel.limited(limit) }

    private func signal(every seconds: Double) async throws {
        while true {
            try await Task.sleep(for: .seconds(seconds / 2))
            guard let last = lastSent.withLock(\.self), MonotonicInstant.now().seconds(since: last) >= seconds / 2
            else { continue }
            try await send(.progress(.init()), tensor: [])
        }
    }
}
