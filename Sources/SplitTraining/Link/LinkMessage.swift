import CARD
import SystemIO

/// A control message of the method `Link`, in protobuf's encoding:
///
///     message LinkMessage { uint64 operation = 1; uint64 bytes = 2; }
///
/// Written by hand, since two numbers need no generated code. Fields of value 0 are left out, as protobuf does, and a
/// field that is none of these is an error.
struct LinkMessage: Sendable, Hashable {
    enum Operation: UInt64, Sendable, CaseIterable {
        /// To the server: answer with ``done``.
        case ping = 1
        /// To the server: `bytes` follow in chunks; answer with ``done`` when the last has come.
        case upload = 2
        /// To the server: send `bytes` in chunks.
        case download = 3
        /// From the server.
        case done = 4
    }

    /// The most bytes of one transfer.
    static let maximumBytes: UInt64 = 1 << 30

    let operation: Operation
    var bytes: UInt64 = 0

    var encoded: [UInt8] {
        [1 << 3] + Self.varint(operation.rawValue) + (bytes == 0 ? [] : [2 << 3] + Self.varint(bytes))
    }

    init(_ operation: Operation, bytes: UInt64 = 0) {
        self.operation = operation
        self.bytes = bytes
    }

    /// - Throws: ``KerfError/Code/malformed`` for anything but one operation that is known, and at most
    ///   ``maximumBytes``.
    init(decoding message: [UInt8]) throws(KerfError) {
        var rest = message[...]
        var fields: [UInt8: UInt64] = [:]
        while let tag = rest.popFirst() {
            guard tag == 1 << 3 || tag == 2 << 3, fields[tag] == nil, let value = Self.varint(from: &rest) else {
                throw KerfError(.malformed, "not a message of a link's measurement")
            }
            fields[tag] = value
        }
        guard let operation = Operation(rawValue: fields[1 << 3] ?? 0) else {
            throw KerfError(.malformed, "a link's measurement with an unknown operation")
        }
        bytes = fields[2 << 3] ?? 0
        self.operation = operation
        guard bytes <= Self.maximumBytes else {
            throw KerfError(.malformed, "a link's measurement with \(bytes) bytes; at most 1 GiB are allowed")
        }
    }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    private static func varint(_ value: UInt64) -> [UInt8] {
        var (bytes, rest) = ([UInt8](), value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// `nil` for a number that is cut off or has more than 63 bits.
    private static func varint(from bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 63, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7f) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        return nil
    }
}
