/// The header of a safetensors file, as it stands there.
struct SafetensorsHeader: Decodable {
    struct Entry: Decodable {
        /// `F32`
        let type: String
        let shape: [Int]
        /// Start and end, counted from the header's end.
        let offsets: [Int]

        init(from decoder: any Decoder) throws {
            let fields = try JSONFields(decoder)
            type = try fields.required("dtype")
            shape = try fields.required("shape")
            offsets = try fields.required("data_offsets")
        }
    }

    private(set) var tensors: [String: Entry] = [:]

    init(from decoder: any Decoder) throws {
        let fields = try JSONFields(decoder)
        for name in fields.names where name != "__metadata__" { tensors[name] = try fields.required(name) }
    }
}
