import CWire
import SystemIO

/// The number format of a tensor on the wire. In memory a tensor is f32.
package enum WireFormat: String, Codable, Sendable, Hashable, CaseIterable {
    /// As it is: exact.
    case f32
    /// The upper half of each f32, rounded to nearest, ties to even.
    case bf16
    /// One byte a value and one f32 scale a row: symmetric, max |x| / 127. A row is a token.
    case int8
}

/// Encodes and decodes a matrix of f32 values for the wire.
///
/// Numbers are little-endian, as on every processor that Kerf runs on. An int8 matrix has the scales of all rows first,
/// then the rows.
package struct TensorCodec: Sendable, Hashable {
    package let format: WireFormat
    package let rows: Int
    package let columns: Int

    /// - Precondition: the matrix has fewer than 2^48 values.
    package init(format: WireFormat, rows: Int, columns: Int) {
        let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
        precondition(rows >= 0 && columns >= 0 && !overflow && count < 1 << 48, "a matrix that fits into memory")
        self.format = format
        self.rows = rows
        self.columns = columns
    }

    /// Values of the matrix.
    package var count: Int { rows * columns }

    /// Bytes on the wire.
    package var encodedBytes: Int {
        switch format {
        case .f32: count * 4
        case .bf16: count * 2
        case .int8: rows * 4 + count
        }
    }

    /// - Parameters:
    ///   - values: [rows, columns].
    ///   - bytes: ``encodedBytes``, aligned to 4.
    /// - Throws: ``KerfError/Code/unusableData`` for a value that int8 cannot represent: a NaN or an infinity.
    package func encode(
        _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer
    ) throws(KerfError) {
        precondition(values.count == count && bytes.count == encodedBytes, "buffers of the matrix's size")
        guard let to = bytes.baseAddress, let from = values.baseAddress, count > 0 else { return clear(bytes) }
        switch format {
        case .f32: to.copyMemory(from: from, byteCount: count * 4)
        case .bf16: kerf_wire_bf16_encode(count, from, to.assumingMemoryBound(to: UInt16.self))
        case .int8:
            let scales = to.assumingMemoryBound(to: Float.self)
            let rest = (to + rows * 4).assumingMemoryBound(to: Int8.self)
            let row = kerf_wire_int8_encode(rows, columns, from, scales, rest)
            guard row < 0 else {
                throw KerfError(
                    .unusableData, "row \(row) of a tensor has a value that is not finite, which int8 cannot represent",
                    remedy: "lower the learning rate, or send f32")
            }
        }
    }

    /// - Parameters:
    ///   - bytes: ``encodedBytes``, aligned to 4.
    ///   - values: [rows, columns].
    /// - Throws: ``KerfError/Code/malformed`` for a scale that is negative or not finite.
    package func decode(
        _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>
    ) throws(KerfError) {
        precondition(values.count == count && bytes.count == encodedBytes, "buffers of the matrix's size")
        guard let from = bytes.baseAddress, let to = values.baseAddress, count > 0 else { return }
        switch format {
        case .f32: UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: count * 4)
        case .bf16: kerf_wire_bf16_decode(count, from.assumingMemoryBound(to: UInt16.self), to)
        case .int8:
            let scales = from.assumingMemoryBound(to: Float.self)
            let rest = (from + rows * 4).assumingMemoryBound(to: Int8.self)
            let row = kerf_wire_int8_decode(rows, columns, scales, rest, to)
            guard row < 0 else { throw KerfError(.malformed, "row \(row) of a tensor has an impossible scale") }
        }
    }

    /// A matrix without values may have scales.
    private func clear(_ bytes: UnsafeMutableRawBufferPointer) { bytes.initializeMemory(as: UInt8.self, repeating: 0) }
}
