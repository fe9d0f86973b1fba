import SwiftProtobuf
import Synchronization
import SystemIO

@testable import SplitTraining

/// Two ends of a connection in memory. Messages pass through their encoding.
final class MemoryMessageChannel: MessageChannel {
    private enum Item: Sendable {
        case message([UInt8])
        case tensor([UInt8])
    }

    /// A connection that breaks in both directions after a number of messages.
    final class Fuse: Sendable {
        private let left: Mutex<Int>
        init(messages: Int) { left = Mutex(messages) }
        func burn() -> Bool {
            left.withLock { left in
                left -= 1
                return left >= 0
            }
        }
    }

    private let incoming: AsyncStream<Item>
    private let outgoing: AsyncStream<Item>.Continuation
    private let fuse: Fuse

    private init(incoming: AsyncStream<Item>, outgoing: AsyncStream<Item>.Continuation, fuse: Fuse) {
        self.incoming = incoming
        self.outgoing = outgoing
        self.fuse = fuse
    }

    static func pair(breakingAfter messages: Int = .max) -> (device: MemoryMessageChannel, server: MemoryMessageChannel)
    {
        let (up, toServer) = AsyncStream<Item>.makeStream()
        let (down, toDevice) = AsyncStream<Item>.makeStream()
        let fuse = Fuse(messages: messages)
        return (
            MemoryMessageChannel(incoming: down, outgoing: toServer, fuse: fuse),
            MemoryMessageChannel(incoming: up, outgoing: toDevice, fuse: fuse)
        )
    }

    /// Ends this side.
    func close() { outgoing.finish() }

    func send(_ message: Control.OneOf_Kind, tensor: [UInt8]) async throws {
        guard fuse.burn() else {
            outgoing.finish()
            throw KerfError(.connectionLost, "the connection broke")
        }
        var control = Control()
        control.kind = message
        control.tensorBytes = UInt64(tensor.count)
        outgoing.yield(.message(try control.serializedBytes()))
        if !tensor.isEmpty { outgoing.yield(.tensor(tensor)) }
    }

    func receive() async throws -> IncomingMessage? {
        guard case .message(let bytes) = await next() else { return nil }
        let control = try Control(serializedBytes: bytes)
        guard let kind = control.kind else { throw KerfError(.protocolViolation, "an empty message") }
        return IncomingMessage(kind: kind, tensorBytes: control.tensorBytes)
    }

    func receiveTensor(byteCount: Int) async throws -> [UInt8] {
        guard case .tensor(let bytes) = await next(), bytes.count == byteCount else {
            throw KerfError(.connectionLost, "no tensor came")
        }
        return bytes
    }

    var lastArrival: MonotonicInstant { .now() }

    func limited(_ limit: SilenceLimit) -> any MessageChannel { LimitedMemoryChannel(channel: self, limit: limit) }

    private func next() async -> Item? {
        var iterator = incoming.makeAsyncIterator()
        return await iterator.next()
    }
}

/// A memory channel whose other side may be silent for a time only.
private struct LimitedMemoryChannel: MessageChannel {
    let channel: MemoryMessageChannel
    let limit: SilenceLimit

    func send(_ message: Control.OneOf_Kind, tensor: [UInt8]) async throws {
        try await channel.send(message, tensor: tensor)
    }

    func receive() async throws -> IncomingMessage? { try await limit { [channel] in try await channel.receive() } }

    func receiveTensor(byteCount: Int) async throws -> [UInt8] {
        try await limit { [channel] in try await channel.receiveTensor(byteCount: byteCount) }
    }

    var lastArrival: MonotonicInstant { channel.lastArrival }
    func limited(_ limit: SilenceLimit) -> any MessageChannel { LimitedMemoryChannel(channel: channel, limit: limit) }
}
