/// Writes GGUF files for tests, as the specification lays them out, and broken ones on request.
struct GGUFBuilder {
    /// A metadata value: its type's number and its bytes.
    struct Value {
        var type: UInt32
        var bytes: [UInt8]

        static func uint32(_ value: UInt32) -> Value { Value(type: 4, bytes: littleEndian(value)) }
        static func float32(_ value: Float) -> Value { Value(type: 6, bytes: littleEndian(value.bitPattern)) }
        static func bool(_ value: UInt8) -> Value { Value(type: 7, bytes: [value]) }
        static func text(_ value: String) -> Value { Value(type: 8, bytes: GGUFBuilder.text(value)) }

        static func array(of type: UInt32, _ elements: [Value]) -> Value {
            Value(type: 9, bytes: littleEndian(type) + littleEndian(UInt64(elements.count)) + elements.flatMap(\.bytes))
        }
    }

    struct Tensor {
        var name: String
        /// Fastest-running first.
        var dimensions: [UInt64]
        var type: UInt32
        var data: [UInt8]
        /// Instead of the next free place.
        var offset: UInt64?
    }

    var version: UInt32 = 3
    var metadata: [(key: String, value: Value)] = []
    var tensors: [Tensor] = []
    /// Instead of the true counts.
    var claimedTensors: UInt64?
    var claimedMetadata: UInt64?
    var alignment = 32

    subscript(key: String) -> Value? {
        get { metadata.first { $0.key == key }?.value }
        set {
            let index = metadata.firstIndex { $0.key == key } ?? metadata.endIndex
            if index < metadata.endIndex { metadata.remove(at: index) }
            if let newValue { metadata.insert((key, newValue), at: index) }
        }
    }

    mutating func changeTensor(_ name: String, _ change: (inout Tensor) -> Void) {
        for index in tensors.indices where tensors[index].name == name { change(&tensors[index]) }
    }

    /// Everything before the tensor data, padded to the alignment.
    var header: [UInt8] {
        var header = Array("GGUF".utf8) + littleEndian(version)
        header += littleEndian(claimedTensors ?? UInt64(tensors.count))
        header += littleEndian(claimedMetadata ?? UInt64(metadata.count))
        for (key, value) in metadata { header += Self.text(key) + littleEndian(value.type) + value.bytes }
        var position = 0
        for tensor in tensors {
            header += Self.text(tensor.name) + littleEndian(UInt32(tensor.dimensions.count))
            header += tensor.dimensions.flatMap { littleEndian($0) }
            header += littleEndian(tensor.type) + littleEndian(tensor.offset ?? UInt64(position))
            position = padded(position + tensor.data.count)
        }
        return header + [UInt8](repeating: 0, count: padded(header.count) - header.count)
    }

    var bytes: [UInt8] {
        tensors.reduce(into: header) { bytes, tensor in
            bytes += tensor.data
            bytes += [UInt8](repeating: 0, count: padded(tensor.data.count) - tensor.data.count)
        }
    }

    private func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

    private static func text(_ value: String) -> [UInt8] { littleEndian(UInt64(value.utf8.count)) + Array(value.utf8) }
}
