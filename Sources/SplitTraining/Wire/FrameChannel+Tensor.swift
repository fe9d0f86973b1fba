import SystemIO

extension FrameChannel {
    /// Sends the bytes of a tensor in chunks of 1 MiB. The receiver must know how many they are.
    ///
    /// - Parameter bytes: valid until the call returns. No bytes are no frame.
    package func sendTensor(_ bytes: UnsafeRawBufferPointer) async throws {
        var start = 0
        while start < bytes.count {
            let end = min(start + Frame.maximumPayload, bytes.count)
            try await send(Frame(.chunk, UnsafeRawBufferPointer(rebasing: bytes[start..<end])))
            start = end
        }
    }

    /// Receives a tensor of exactly the buffer's size, in chunks of any size.
    ///
    /// A chunk that does not fit is an error before any of it is written.
    ///
    /// - Throws: ``KerfError/Code/malformed`` for another frame than a chunk, an empty chunk, or more bytes than fit;
    ///   ``KerfError/Code/connectionLost`` when the exchange ends early; and what ``receive()`` throws.
    package func receiveTensor(into buffer: UnsafeMutableRawBufferPointer) async throws {
        var filled = 0
        while filled < buffer.count {
            guard let frame = try await receive() else {
                throw KerfError(
                    .connectionLost, "the peer ended the exchange after \(filled) of \(buffer.count) bytes of a tensor")
            }
            guard frame.kind == .chunk, frame.count > 0 else {
                throw KerfError(
                    .malformed, "a control message or an empty chunk inside a tensor, after \(filled) bytes")
            }
            guard frame.count <= buffer.count - filled else {
                throw KerfError(
                    .malformed, "a tensor of at least \(filled + frame.count) bytes where \(buffer.count) were due")
            }
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            frame.withPayload { rest.copyMemory(from: $0) }
            filled += frame.count
        }
    }
}
