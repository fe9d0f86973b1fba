/// Writes GGUF files for tests, as the specification lays them out, and broken ones on request.
package struct GGUFBuilder {
    /// A metadata value: its type's number and its bytes.
    package struct Value {
        package var type: UInt32
        package var bytes: [UInt8]

        package init(type: UInt32, bytes: [UInt8]) {
            self.type = type
            self.bytes = bytes
        }

        package static func uint32(_ value: UInt32) -> Value { Value(type: 4, bytes: littleEndian(value)) }
        package static func float32(_ value: Float) -> Value { Value(type: 6, bytes: littleEndian(value.bitPattern)) }
        package static func bool(_ value: UInt8) -> Value { Value(type: 7, bytes: [value]) }
        package static func text(_ value: String) -> Value { Value(type: 8, bytes: GGUFBuilder.text(value)) }

        package static func array(of type: UInt32, _ elements: [Value]) -> Value {
            Value(type: 9, bytes: littleEndian(type) + littleEndian(UInt64(elements.count)) + elements.flatMap(\.bytes))
        }
    }

    package struct Tensor {
        package var name: String
        /// Fastest-running first.
        package var dimensions: [UInt64]
        package var type: UInt32
        package var data: [UInt8]
        /// Instead of the next free place.
        package var offset: UInt64?

        package init(name: String, dimensions: [UInt64], type: UInt32, data: [UInt8], offset: UInt64? = nil) {
            self.name = name
            self.dimensions = dimensions
            self.type = type
            self.data = data
            self.offset = offset
        }
    }

    package var version: UInt32 = 3
    package var metadata: [(key: String, value: Value)] = []
    package var tensors: [Tensor] = []
    /// Instead of the true counts.
    package var claimedTensors: UInt64?
    package var claimedMetadata: UInt64?
    package var alignment = 32

    package init() {}

    package subscript(key: String) -> Value? {
        get { metadata.first { $0.key == key }?.value }
        set {
            let index = metadata.firstIndex { $0.key == key } ?? metadata.endIndex
            if index < metadata.endIndex { metadata.remove(at: index) }
            if let newValue { metadata.insert((key, newValue), at: index) }
        }
    }

    package mutating func changeTensor(_ name: String, _ change: (inout Tensor) -> Void) {
        for index in tensors.indices where tensors[index].name == name { change(&tensors[index]) }
    }

    /// Everything before the tensor data, padded to the alignment.
    package var header: [UInt8] {
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

    package var bytes: [UInt8] {
        tensors.reduce(into: header) { bytes, tensor in
            bytes += tensor.data
            bytes += [UInt8](repeating: 0, count: padded(tensor.data.count) - tensor.data.count)
        }
    }

    private func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

    private static func text(_ value: String) -> [UInt8] { littleEndian(UInt64(value.utf8.count)) + Array(value.utf8) }
}
