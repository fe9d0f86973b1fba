/// The format of a weight matrix that stays quantized in memory: integers that share scales.
///
/// All but ``int8`` have ggml's blocks, as GGUF files store them.
public enum QuantizedFormat: String, Sendable, Hashable, CaseIterable, Codable {
    /// A signed byte for each value, and one scale (f32) for each row: each output of the projection.
    case int8
    case q80 = "Q8_0"
    case q40 = "Q4_0"
    case q41 = "Q4_1"
    case q4K = "Q4_K"
    case q6K = "Q6_K"

    /// The format of a name in any case, such as `q4_k`.
    package init?(named name: String) {
        guard let format = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            return nil
        }
        self = format
    }

    /// ggml's block; `nil` for ``int8``, whose block is a row.
    private var block: (any QuantizingFormat.Type)? {
        switch self {
        case .int8: nil
        case .q80: Q8_0.self
        case .q40: Q4_0.self
        case .q41: Q4_1.self
        case .q4K: Q4_K.self
        case .q6K: Q6_K.self
        }
    }

    /// Bytes of a row of a matrix.
    ///
    /// - Returns: `nil` where a row is no whole number of blocks.
    package func rowBytes(columns: Int) -> Int? {
        guard let block else { return columns + MemoryLayout<Float>.size }
        return columns % block.valuesPerBlock == 0 ? columns / block.valuesPerBlock * block.bytesPerBlock : nil
    }

    /// Bytes of a matrix whose rows have whole blocks; what does not fit is counted as if it did.
    package func byteCount(rows: Int, columns: Int) -> Int {
        guard let block else { return rows * (columns + MemoryLayout<Float>.size) }
        return (rows * columns * block.bytesPerBlock + block.valuesPerBlock - 1) / block.valuesPerBlock
    }

    /// Values that share a block; 1 for ``int8``, which takes rows of any width.
    package var valuesPerBlock: Int { block?.valuesPerBlock ?? 1 }

    /// Quantizes one row: each value to the nearest multiple of its group's scale.
    ///
    /// - Parameters:
    ///   - row: finite values.
    ///   - destination: has room for ``rowBytes(columns:)``; needs no alignment.
    package func encode(_ row: UnsafeBufferPointer<Float>, into destination: UnsafeMutableRawPointer) {
        guard let base = row.baseAddress else { return }
        if let block {
            block.encode(base, blocks: row.count / block.valuesPerBlock, into: destination)
        } else {
            Int8Row.encode(base, count: row.count, into: destination)
        }
    }

    /// The values of one row, as f32.
    package func decode(_ source: UnsafeRawPointer, into row: UnsafeMutableBufferPointer<Float>) {
        guard let base = row.baseAddress else { return }
        if let block {
            block.decode(source, blocks: row.count / block.valuesPerBlock, into: base)
        } else {
            Int8Row.decode(source, count: row.count, into: base)
        }
    }

    /// Whether all scales of a row are finite numbers.
    func hasFiniteScales(_ row: UnsafeRawBufferPointer) -> Bool {
        guard let block else { return row.loadUnaligned(fromByteOffset: row.count - 4, as: Float.self).isFinite }
        for start in stride(from: 0, to: row.count, by: block.bytesPerBlock) {
            for offset in block.scaleOffsets {
                let half = row.loadUnaligned(fromByteOffset: start + offset, as: UInt16.self)
                if half & 0x7C00 == 0x7C00 { return false }
            }
        }
        return true
    }
}

/// A block format into which values can be quantized.
protocol QuantizingFormat: TensorFormat {
    /// Places of a block's f16 scales, in bytes.
    static var scaleOffsets: [Int] { get }

    /// Encodes consecutive blocks. The destination needs no alignment.
    static func encode(_ values: UnsafePointer<Float>, blocks: Int, into destination: UnsafeMutableRawPointer)
}

/// A row in signed bytes, followed by its scale: value = scale * byte.
private enum Int8Row {
    static func encode(_ values: UnsafePointer<Float>, count: Int, into destination: UnsafeMutableRawPointer) {
        let scale = largestMagnitude(values, count) / 127
        let inverse = scale == 0 ? 0 : 1 / scale
        for index in 0..<count {
            let code = (values[index] * inverse).rounded(.toNearestOrEven)
            destination.storeBytes(of: Int8(max(-127, min(127, code))), toByteOffset: index, as: Int8.self)
        }
        destination.storeBytes(of: scale, toByteOffset: count, as: Float.self)
    }

    static func decode(_ source: UnsafeRawPointer, count: Int, into values: UnsafeMutablePointer<Float>) {
        let scale = source.loadUnaligned(fromByteOffset: count, as: Float.self)
        for index in 0..<count {
            values[index] = scale * Float(source.load(fromByteOffset: index, as: Int8.self))
        }
    }
}

/// The largest absolute value.
@inline(__always)
func largestMagnitude(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var largest: Float = 0
    for index in 0..<count { largest = max(largest, values[index].magnitude) }
    return largest
}
