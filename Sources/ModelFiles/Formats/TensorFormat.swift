/// Encoding of a tensor's values in a file: consecutive blocks of a fixed size.
///
/// Plain formats have one value in each block. Quantized ones share a scale among 32 or 256 values. Their layouts are
/// those of ggml (`ggml-common.h`), and the arithmetic is f32 in ggml's order, so that results agree with the reference
/// bit for bit.
protocol TensorFormat: Sendable {
    /// `Q4_1`, as ggml and safetensors write it.
    static var name: String { get }
    /// Number of the format in a GGUF tensor info (ggml, docs/gguf.md, `ggml_type`).
    static var ggmlType: UInt32 { get }
    static var valuesPerBlock: Int { get }
    static var bytesPerBlock: Int { get }

    /// Decodes consecutive blocks. The source needs no alignment.
    static func decode(_ source: UnsafeRawPointer, blocks: Int, into destination: UnsafeMutablePointer<Float>)
}

enum TensorFormats {
    static let all: [any TensorFormat.Type] = [
        F32.self, F16.self, BF16.self, Q8_0.self, Q4_0.self, Q4_1.self, Q4_K.self, Q6_K.self,
    ]

    static let supportedInGGUF = "Kerf reads " + all.map { $0.name }.joined(separator: ", ")

    /// The formats that are read from safetensors files.
    static let plain = all.filter { $0.valuesPerBlock == 1 }

    static func ggml(_ type: UInt32) -> (any TensorFormat.Type)? { all.first { $0.ggmlType == type } }

    /// ggml's name of a type, also of those that Kerf does not decode.
    ///
    /// Source: ggml, docs/gguf.md, `ggml_type`; later numbers from `ggml.h`.
    static func ggmlName(_ type: UInt32) -> String {
        if let format = ggml(type) { return format.name }
        let others: [UInt32: String] = [
            4: "Q4_2", 5: "Q4_3", 6: "Q5_0", 7: "Q5_1", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 13: "Q5_K", 15: "Q8_K",
            16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S",
            23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0",
            39: "MXFP4", 40: "NVFP4", 41: "Q1_0",
        ]
        return others[type] ?? "number \(type)"
    }
}
