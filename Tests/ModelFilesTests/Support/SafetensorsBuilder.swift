/// Writes safetensors files for tests, as the format's description lays them out, and broken ones on request.
struct SafetensorsBuilder {
    struct Tensor {
        var name: String
        var type = "F32"
        var shape: [Int]
        var data: [UInt8]
        /// Instead of the next free place.
        var offsets: (Int, Int)?
    }

    var tensors: [Tensor] = []

    var header: String {
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

    var bytes: [UInt8] { Self.file(header: header, data: tensors.flatMap(\.data)) }

    static func file(header: String, data: [UInt8]) -> [UInt8] {
        littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
    }
}
