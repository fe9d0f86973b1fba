import SwiftProtobuf
import SystemIO

/// Messages and tensors as frames of the wire: a control frame with the protobuf message, then the tensor's chunks.
package struct FrameMessageChannel: MessageChannel {
    private let frames: any FrameChannel
    private let limit: SilenceLimit?

    package init(_ frames: any FrameChannel) { self.init(frames, limit: nil) }

    private init(_ frames: any FrameChannel, limit: SilenceLimit?) {
        self.frames = frames
        self.limit = limit
    }

    package var lastArrival: MonotonicInstant { frames.lastArrival }

    package func limited(_ limit: SilenceLimit) -> any MessageChannel { FrameMessageChannel(frames, limit: limit) }

    /// A slow link is not silence: the limit is for each frame.
    private func sendFrame(_ frame: Frame) async throws {
        guard let limit else { return try await frames.send(frame) }
        try await limit { [frames] in try await frames.send(frame) }
    }

    private func receiveFrame() async throws -> Frame? {
        guard let limit else { return try await frames.receive() }
        return try await limit { [frames] in try await frames.receive() }
    }

    package func send(_ message: Control.OneOf_Kind, tensor: [UInt8]) async throws {
        var control = Control()
        control.kind = message
        control.tensorBytes = UInt64(tensor.count)
        try await sendFrame(Frame(control: try control.serializedBytes()))
        var start = 0
        while start < tensor.count {
            let end = min(start + Frame.maximumPayload, tensor.count)
            try await sendFrame(tensor[start..<end].withUnsafeBytes { Frame(.chunk, $0) })
            start = end
        }
    }

    package func receive() async throws -> IncomingMessage? {
        guard let frame = try await receiveFrame() else { return nil }
        guard frame.kind == .control else {
            throw KerfError(.protocolViolation, "a tensor's bytes came where a message was due")
        }
        let control: Control
        do {
            control = try frame.withPayload { try Control(serializedBytes: Array($0)) }
        } catch {
            throw KerfError(.protocolViolation, "a message of \(frame.count) bytes cannot be decoded")
        }
        guard let kind = control.kind else { throw KerfError(.protocolViolation, "a message of unknown kind came") }
        return IncomingMessage(kind: kind, tensorBytes: control.tensorBytes)
    }

    package func receiveTensor(byteCount: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        while bytes.count < byteCount {
            guard let frame = try await receiveFrame() else {
                throw KerfError(.connectionLost, "the other side ended the exchange in the middle of a tensor")
            }
            guard frame.kind == .chunk, (1...byteCount - bytes.count).contains(frame.count) else {
                throw KerfError(
                    .protocolViolation, "\(frame.count) bytes came where \(byteCount - bytes.count) of a tensor are due"
                )
            }
            frame.withPayload { bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}
