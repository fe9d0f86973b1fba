import SystemIO

/// The server's side of a link's measurement. It holds one chunk, however much is transferred.
package enum LinkEcho {
    /// Answers until the device ends the exchange.
    ///
    /// - Throws: ``KerfError/Code/malformed``, and what the channel throws.
    package static func serve(_ channel: any FrameChannel) async throws {
        let chunk = [UInt8](repeating: 0x5a, count: Frame.maximumPayload)
        let full = chunk.withUnsafeBytes { Frame(.chunk, $0) }
        while let frame = try await channel.receive() {
            guard frame.kind == .control else { throw KerfError(.malformed, "a chunk that no transfer announced") }
            let request = try LinkMessage(decoding: frame.payload)
            switch request.operation {
            case .ping: try await channel.send(Frame(control: LinkMessage(.done).encoded))
            case .upload:
                try await channel.dropChunks(request.bytes)
                try await channel.send(Frame(control: LinkMessage(.done, bytes: request.bytes).encoded))
            case .download:
                var rest = Int(request.bytes)
                while rest >= Frame.maximumPayload {
                    try await channel.send(full)
                    rest -= Frame.maximumPayload
                }
                if rest > 0 {
                    try await channel.send(chunk.withUnsafeBytes { Frame(.chunk, .init(rebasing: $0[..<rest])) })
                }
            case .done: throw KerfError(.malformed, "an answer where a request was due")
            }
        }
    }
}

extension FrameChannel {
    /// Receives `bytes` in chunks, and forgets them.
    ///
    /// - Throws: ``KerfError/Code/malformed``, ``KerfError/Code/connectionLost``.
    func dropChunks(_ bytes: UInt64) async throws {
        var rest = bytes
        while rest > 0 {
            guard let frame = try await receive() else {
                throw KerfError(.connectionLost, "the peer ended the exchange in the middle of a transfer")
            }
            guard frame.kind == .chunk, frame.count > 0, frame.count <= rest else {
                throw KerfError(.malformed, "a message that does not belong to the transfer of \(bytes) bytes")
            }
            rest -= UInt64(frame.count)
        }
    }
}
