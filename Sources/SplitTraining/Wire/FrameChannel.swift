import SystemIO

/// Frames in both directions, in order.
///
/// One task at a time may send, and one at a time may receive; the two may be different tasks.
package protocol FrameChannel: Sendable {
    /// Returns once the frame is accepted for sending, and waits while the peer does not keep up.
    ///
    /// - Throws: ``KerfError``: ``KerfError/Code/connectionLost``, ``KerfError/Code/refusedByPeer``.
    func send(_ frame: Frame) async throws

    /// The next frame, or `nil` once the peer has ended the exchange in order.
    ///
    /// - Throws: ``KerfError``: ``KerfError/Code/malformed``, ``KerfError/Code/connectionLost``,
    ///   ``KerfError/Code/refusedByPeer``.
    func receive() async throws -> Frame?

    /// When the frame that was received last had arrived.
    var lastArrival: MonotonicInstant { get }
}

extension FrameChannel {
    /// A channel that does not read ahead takes a frame when it is asked for.
    package var lastArrival: MonotonicInstant { .now() }

    /// The next frame, which must be a control message.
    ///
    /// - Throws: ``KerfError/Code/malformed`` for a chunk, ``KerfError/Code/connectionLost`` at the end of the
    ///   exchange, and what ``receive()`` throws.
    package func receiveControl() async throws -> [UInt8] {
        guard let frame = try await receive() else {
            throw KerfError(.connectionLost, "the peer ended the exchange where a control message was due")
        }
        guard frame.kind == .control else {
            throw KerfError(.malformed, "a tensor's chunk where a control message was due")
        }
        return frame.payload
    }
}
