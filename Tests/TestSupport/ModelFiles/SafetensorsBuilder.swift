/// Writes safetensors files for tests, as the format's description lays them out, and broken ones on request.
package struct SafetensorsBuilder {
    package struct Tensor {
        package var name: String
        package var type = "F32"
        package var shape: [Int]
        package var data: [UInt8]
        /// Instead of the next free place.
        package var offsets: (Int, Int)?

        package init(name: String, type: String = "F32", shape: [Int], data: [UInt8], offsets: (Int, Int)? = nil) {
            self.name = name
            self.type = type
            self.shape = shape
            self.data = data
            self.offsets = offsets
        }
    }

    package var tensors: [Tensor] = []

    package init(tensors: [Tensor] = []) { self.tensors = tensors }

    package var header: String {
        var position = 0
        let entries = tensors.map { tensor in
            let offsets = tensor.offsets ?? (position, position + tensor.data.count)
            position += tensor.data.count
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            return #""\#(tensor.name)":{"dtype":"\#(tensor.type)","shape":[\#(shape)],"#
                + #""data_offsets":[\#(offsets.0),\#(offsets.1)]}"#
        }
        return #"{"__metadata__":{"format":"pt"},"# + entries.joined(separator: ",") + "}"
    }

    package var bytes: [UInt8] { Self.file(header: header, data: tensors.flatMap(\.data)) }

    package static func file(header: String, data: [UInt8]) -> [UInt8] {
        littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
    }
}
