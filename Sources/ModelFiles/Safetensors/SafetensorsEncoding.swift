import FoundationEssentials

/// A safetensors file of f32 tensors, as bytes: the length of the header in 8 bytes, little endian; the header, JSON
/// with each tensor's type, shape and place; the numbers.
///
/// Source: the format's description at Hugging Face's safetensors.
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

    /// - Parameters:
    ///   - values: as many as the product of `shape`, row-major.
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
        // The numbers start at a multiple of 8.
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        return length + header + numbers
    }
}
