@testable import SplitTraining

/// A server that says what a test tells it, and a device that runs its first turn with it, at cut 2.
struct ScriptedServer {
    /// A message and the tensor that follows it.
    struct Answer: Sendable {
        var kind: Control.OneOf_Kind
        var tensor: [UInt8]

        /// - Parameter byteCount: of a tensor of zeros.
        init(_ kind: Control.OneOf_Kind, byteCount: Int = 0) {
            self.kind = kind
            tensor = [UInt8](repeating: 0, count: byteCount)
        }
    }

    /// The server's end.
    let frames: MemoryChannel
    private let device: Task<Void, any Error>

    init(_ training: SmallTraining, beforeSending: @escaping HookedChannel.Hook = { _ in }) throws {
        let (end, frames) = MemoryChannel.pair()
        self.frames = frames
        let session = try DeviceSession(
            job: training.job, source: training.source,
            channel: HookedChannel(channel: FrameMessageChannel(end), beforeSending: beforeSending),
            engine: SmallTraining.engine)
        device = Task {
            defer { end.finish() }
            _ = try await session.greet()
            _ = try await session.turn(TurnChoice(cut: 2), committed: 0)
        }
    }

    private var channel: FrameMessageChannel { FrameMessageChannel(frames) }

    /// Waits for a message of the device.
    ///
    /// - Returns: whether one came before the device left.
    func hear() async throws -> Bool {
        guard let message = try await channel.receive() else { return false }
        if message.tensorBytes > 0 { _ = try await channel.receiveTensor(byteCount: Int(message.tensorBytes)) }
        return true
    }

    func say(_ answer: Answer) async throws { try await channel.send(answer.kind, tensor: answer.tensor) }

    /// Answers the device's next messages, each when it has come, until the device leaves.
    func answer(_ answers: [Answer]) async throws {
        for answer in answers {
            guard try await hear() else { return }
            try await say(answer)
        }
    }

    /// Ends this side.
    func leave() { frames.finish() }

    /// Waits for the end of the device's turn.
    ///
    /// - Throws: why the device gave up.
    func turn() async throws {
        try await withTaskCancellationHandler {
            try await device.value
        } onCancel: {
            device.cancel()
        }
    }
}
