import SystemIO

/// Reads consecutive little-endian values, never past the end.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    /// For error messages.
    let file: String
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    var remaining: Int { bytes.count - position }

    mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(KerfError) -> Value {
        let size = MemoryLayout<Value>.size
        guard size <= remaining else { throw truncated(UInt64(size)) }
        defer { position += size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
    }

    /// Skips `count` bytes and returns their range.
    mutating func skip(_ count: UInt64) throws(KerfError) -> Range<Int> {
        guard count <= UInt64(remaining) else { throw truncated(count) }
        defer { position += Int(count) }
        return position..<position + Int(count)
    }

    /// A string with its length before it, as in GGUF.
    ///
    /// - Parameter limit: maximum length in bytes.
    mutating func string(limit: Int, what: String) throws(KerfError) -> String {
        let start = position
        let length = try integer(UInt64.self)
        guard length <= UInt64(limit) else {
            throw KerfError(
                .malformed, at: file, "the \(what) at byte \(start) claims \(length) bytes, more than \(limit)",
                remedy: "download the file again")
        }
        let range = try skip(length)
        guard let text = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw KerfError(.malformed, at: file, "the \(what) at byte \(start) is not UTF-8")
        }
        return text
    }

    private func truncated(_ wanted: UInt64) -> KerfError {
        KerfError(
            .truncated, at: file, "ends at byte \(bytes.count), but \(wanted) bytes should follow byte \(position)",
            remedy: "download the file again")
    }
}
