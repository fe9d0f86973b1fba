import SystemIO

@testable import SplitTraining

/// An end of a connection on which something happens before each message is sent.
struct HookedChannel: MessageChannel {
    /// An error that it throws is that of the sending.
    typealias Hook = @Sendable (Control.OneOf_Kind) async throws -> Void

    let channel: any MessageChannel
    let beforeSending: Hook

    func send(_ message: Control.OneOf_Kind, tensor: [UInt8]) async throws {
        try await beforeSending(message)
        try await channel.send(message, tensor: tensor)
    }

    func receive() async throws -> IncomingMessage? { try await channel.receive() }
    func receiveTensor(byteCount: Int) async throws -> [UInt8] { try await channel.receiveTensor(byteCount: byteCount) }
    var lastArrival: MonotonicInstant { channel.lastArrival }

    func limited(_ limit: SilenceLimit) -> any MessageChannel {
        HookedChannel(channel: channel.limited(limit), beforeSending: beforeSending)
    }
}
