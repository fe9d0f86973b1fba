import FoundationEssentials

/// Writes a safetensors file of f32 tensors: the header's length in 8 bytes, little-endian; the header in JSON, with
/// type, shape and offsets of each tensor; the values.
///
/// Source: safetensors, README, "Format".
package struct SafetensorsEncoding {
    private struct Entry: Encodable {
        var dtype: String
        var shape: [Int]
        var dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    private var entries: [String: Entry] = [:]
    private var numbers: [UInt8] = []

    package init() {}

    /// - Parameter values: row-major; their count is the product of `shape`.
    package mutating func append(_ name: String, shape: [Int], _ values: UnsafeMutableBufferPointer<Float>) {
        precondition(shape.reduce(1, *) == values.count)
        let begin = numbers.count
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { numbers += $0 } }
        entries[name] = Entry(dtype: "F32", shape: shape, dataOffsets: [begin, numbers.count])
    }

    package func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var header = [UInt8](try encoder.encode(entries))
        // The values start at a multiple of 8 bytes.
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        return length + header + numbers
    }
}
