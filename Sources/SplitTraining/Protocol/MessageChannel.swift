import SwiftProtobuf
import SystemIO

/// The way of messages and tensors between a device and the server, in both directions and in order.
///
/// One task sends and one receives at a time.
package protocol MessageChannel: Sendable {
    /// - Parameter tensor: follows the message; its size is announced in it.
    func send(_ message: Control.OneOf_Kind, tensor: [UInt8]) async throws

    /// The next message; nil when the other side has ended the exchange.
    func receive() async throws -> IncomingMessage?

    /// The tensor that the last message announced.
    func receiveTensor(byteCount: Int) async throws -> [UInt8]

    /// When what was received last had arrived, which may be long before it was asked for.
    var lastArrival: MonotonicInstant { get }

    /// The same connection, on which each message and each part of a tensor must come, and be taken, within a time.
    func limited(_ limit: SilenceLimit) -> any MessageChannel
}

package typealias Control = Kerf_Split_V1_Control

/// A message, and the bytes of the tensor that follows it.
package struct IncomingMessage: Sendable {
    package let kind: Control.OneOf_Kind
    package let tensorBytes: UInt64

    package init(kind: Control.OneOf_Kind, tensorBytes: UInt64) {
        self.kind = kind
        self.tensorBytes = tensorBytes
    }
}

extension MessageChannel {
    package func send(_ message: Control.OneOf_Kind) async throws { try await send(message, tensor: []) }

    /// The next message, which must be of one kind.
    ///
    /// - Parameter select: returns the message's content, or nil for another kind.
    /// - Throws: ``KerfError``: the other side's failure, a message of another kind, or the end of the exchange.
    package func expect<Content>(
        _ name: String, _ select: (Control.OneOf_Kind) -> Content?
    ) async throws -> (content: Content, tensorBytes: UInt64) {
        guard let message = try await receive() else {
            throw KerfError(.connectionLost, "the other side ended the exchange where \(name) was due")
        }
        if case .failure(let failure) = message.kind { throw KerfError(failure) }
        guard let content = select(message.kind) else {
            throw KerfError(.protocolViolation, "\(message.kind.name) came where \(name) was due")
        }
        return (content, message.tensorBytes)
    }

    /// The tensor after a message.
    ///
    /// - Parameters:
    ///   - announced: the size that the message announces.
    ///   - expected: the only size that is accepted. Nothing is allocated for another one.
    package func receiveTensor(announced: UInt64, expected: Int, _ name: String) async throws -> [UInt8] {
        guard announced == UInt64(expected) else {
            throw KerfError(.protocolViolation, "\(name) has \(announced) bytes where \(expected) are due")
        }
        return expected == 0 ? [] : try await receiveTensor(byteCount: expected)
    }
}

extension Control.OneOf_Kind {
    /// For error messages.
    package var name: String {
        switch self {
        case .hello: "a greeting"
        case .welcome: "a welcome"
        case .turnRequest: "a request for a turn"
        case .turnQueued: "a place in the queue"
        case .turnGrant: "a turn's grant"
        case .microBatch: "a micro-batch"
        case .gradient: "a gradient"
        case .turnEnd: "a turn's end"
        case .turnCommitted: "a turn's confirmation"
        case .adaptersRequest: "a request for the adapters"
        case .adapters: "the adapters"
        case .failure: "a failure"
        case .clockRequest: "a question for the time"
        case .clockAnswer: "the time"
        case .progress: "a sign of life"
        }
    }
}
