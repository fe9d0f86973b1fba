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

    /// The header: tensors by name, and the metadata beside them.
    private struct Header: Encodable {
        let entries: [String: Entry]
        let metadata: [String: String]

        func encode(to encoder: any Encoder) throws {
            try entries.encode(to: encoder)
            guard !metadata.isEmpty else { return }
            try ["__metadata__": metadata].encode(to: encoder)
        }
    }

    private var entries: [String: Entry] = [:]
    private var numbers: [UInt8] = []
    /// Texts by name, as the format's `__metadata__`.
    package var metadata: [String: String] = [:]

    package init() {}

    /// - Parameter values: row-major; their count is the product of `shape`.
    package mutating func append(_ name: String, shape: [Int], _ values: some Collection<Float>) {
        precondition(shape.reduce(1, *) == values.count)
        let begin = numbers.count
        numbers.reserveCapacity(begin + 4 * values.count)
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { numbers += $0 } }
        entries[name] = Entry(dtype: "F32", shape: shape, dataOffsets: [begin, numbers.count])
    }

    package func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var header = [UInt8](try encoder.encode(Header(entries: entries, metadata: metadata)))
        // The values start at a multiple of 8 bytes.
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
        return length + header + numbers
    }
}
