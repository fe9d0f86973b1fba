import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SystemIO

/// One message of the wire: a kind byte, then at most 1 MiB.
///
/// The bytes are those of the transport. A large frame that was received is a slice of what HTTP/2 delivered, and its
/// payload is read in place.
package struct Frame: Sendable, Hashable {
    /// What the payload is. The raw value is the first byte of the message.
    package enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        /// A protobuf message, which the transport does not look into.
        case control = 0
        /// Consecutive bytes of a tensor.
        case chunk = 1
    }

    /// The maximum payload in bytes.
    package static let maximumPayload = 1 << 20
    /// The maximum message in bytes: kind and payload.
    package static let maximumBytes = maximumPayload + 1

    /// Received messages of at most so many bytes are copied. A slice keeps the whole buffer of the connection, which has up to
    /// 128 KiB, in memory; many small messages that wait would keep as many buffers.
    private static let maximumCopiedBytes = 1 << 14

    /// An allowance for what a small frame takes besides its payload.
    static let overheadBytes = 256

    /// Kind byte and payload.
    let message: GRPCNIOTransportBytes
    package let kind: Kind

    /// A message from the peer.
    ///
    /// - Throws: ``KerfError/Code/malformed`` for an empty message, an unknown kind, or too many bytes.
    init(received message: GRPCNIOTransportBytes) throws(KerfError) {
        guard message.count <= Self.maximumBytes else {
            throw KerfError(.malformed, "a message of \(message.count) bytes; at most \(Self.maximumBytes) are allowed")
        }
        guard let first = message.withUnsafeBytes({ $0.first }) else { throw KerfError(.malformed, "an empty message") }
        guard let kind = Kind(rawValue: first) else {
            throw KerfError(.malformed, "a message of unknown kind \(first)")
        }
        self.message =
            message.count <= Self.maximumCopiedBytes
            ? message.withUnsafeBytes { GRPCNIOTransportBytes($0) } : message
        self.kind = kind
    }

    /// Copies the payload, once.
    ///
    /// - Precondition: at most ``maximumPayload`` bytes.
    package init(_ kind: Kind, _ payload: UnsafeRawBufferPointer) {
        precondition(payload.count <= Self.maximumPayload, "a payload of at most 1 MiB")
        var message = GRPCNIOTransportBytes(repeating: kind.rawValue, count: payload.count + 1)
        message.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0.dropFirst()).copyMemory(from: payload)
        }
        self.message = message
        self.kind = kind
    }

    /// A control message.
    ///
    /// - Throws: ``KerfError/Code/malformed`` for more than ``maximumPayload`` bytes.
    package init(control payload: [UInt8]) throws(KerfError) {
        guard payload.count <= Self.maximumPayload else {
            throw KerfError(.malformed, "a control message of \(payload.count) bytes; at most 1 MiB is allowed")
        }
        self = payload.withUnsafeBytes { Frame(.control, $0) }
    }

    /// Bytes of the payload.
    package var count: Int { message.count - 1 }

    /// Reads the payload in place. The pointer is valid during the call only.
    package func withPayload<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try message.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0.dropFirst())) }
    }

    /// A copy of the payload.
    package var payload: [UInt8] { withPayload { [UInt8]($0) } }
}
