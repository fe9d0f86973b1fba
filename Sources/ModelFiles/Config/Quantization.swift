import SystemIO

/// The quantization of a checkpoint, which Kerf does not read: its weights are integers with tables beside them.
///
/// Without this the first tensor under its usual name would be reported as missing.
struct Quantization: Decodable, Sendable {
    /// `gptq`, `awq`, `bitsandbytes`, `compressed-tensors`, ...
    let method: String?
    let bits: Int?

    /// Where a `config.json` states it: transformers, llm-compressor before 0.3, MLX.
    static let fields = ["quantization_config", "compression_config", "quantization"]

    init(from decoder: any Decoder) throws {
        let fields = try JSONFields(decoder)
        method = try fields.optional("quant_method")
        // EXL2 states a mean, such as 4.65, which is no whole number; the method says enough.
        let whole: Int? = try? fields.optional("bits")
        bits = whole
    }

    static let remedy: Remedy = "give the checkpoint before it was quantized, or a GGUF file of the model"

    /// - Parameter field: one of ``fields``.
    func refusal(field: String, file: String) -> KerfError {
        let parts = [method.map(quoted), bits.map { "\($0) bits" }].compactMap { $0 }.joined(separator: ", ")
        return KerfError(
            .unsupported, at: file,
            "the checkpoint is quantized: \(field)" + (parts.isEmpty ? " is set" : " says \(parts)"),
            remedy: .all([Self.remedy, .text("for the shapes alone, with random weights, remove \(field)")]))
    }

    /// The method by the tensors that it puts in place of weights, for files whose configuration is silent.
    ///
    /// - Parameter tensors: names of a checkpoint's tensors, sorted.
    /// - Returns: `nil` for a checkpoint that is not quantized in a known way; else a tensor that shows it.
    static func method(of tensors: [String]) -> (name: String, tensor: String)? {
        let endings: [(suffix: String, method: String)] = [
            (".g_idx", "GPTQ"), (".qweight", "GPTQ or AWQ"), (".qzeros", "GPTQ or AWQ"), (".SCB", "bitsandbytes"),
            (".absmax", "bitsandbytes"), (".quant_map", "bitsandbytes"), (".weight_packed", "compressed-tensors"),
            (".weight_scale", "compressed-tensors or FP8"), (".weight_scale_inv", "FP8"), (".scales", "MLX or GPTQ"),
            (".weight_zero_point", "compressed-tensors"), (".q_weight", "EXL2"), (".trellis", "EXL3"), (".W_q", "HQQ"),
            (".codebooks", "AQLM"), (".weight._data", "Quanto"), (".weight_blocks", "MXFP4"),
        ]
        for (suffix, method) in endings {
            if let tensor = tensors.first(where: { $0.hasSuffix(suffix) }) { return (method, tensor) }
        }
        return nil
    }
}
