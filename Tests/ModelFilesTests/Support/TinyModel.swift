import SystemIO
import SystemPackage
import TestSupport

@testable import ModelFiles

/// A model small enough to be written by a test, with all that the file formats must keep apart: grouped heads, an
/// MLP width of its own, several blocks.
enum TinyModel {
    static let config = ModelConfig(
        name: "tiny", hiddenSize: 8, blockCount: 2, headCount: 2, keyValueHeadCount: 1, headSize: 4,
        intermediateSize: 12, vocabularySize: 5, rmsNormEpsilon: 1e-5, rope: RotaryEmbedding(theta: 10_000),
        tiedEmbeddings: false)

    /// The numbers that ``gguf(_:)`` and ``safetensors(_:)`` write.
    static func weights(_ config: ModelConfig = config) -> RandomWeights { RandomWeights(config, seed: 7) }

    static func gguf(_ config: ModelConfig = config) throws -> GGUFBuilder {
        var builder = GGUFBuilder()
        builder.metadata = [
            ("general.architecture", .text("llama")),
            ("llama.block_count", .uint32(UInt32(config.blockCount))),
            ("llama.embedding_length", .uint32(UInt32(config.hiddenSize))),
            ("llama.feed_forward_length", .uint32(UInt32(config.intermediateSize))),
            ("llama.attention.head_count", .uint32(UInt32(config.headCount))),
            ("llama.attention.head_count_kv", .uint32(UInt32(config.keyValueHeadCount))),
            ("llama.attention.layer_norm_rms_epsilon", .float32(Float(config.rmsNormEpsilon))),
            ("llama.rope.dimension_count", .uint32(UInt32(config.headSize))),
            ("llama.rope.freq_base", .float32(Float(config.rope.theta))),
        ]
        for role in config.roles {
            let (rows, columns) = config.shape(of: role)
            var values = try weights(config).values(role)
            if case .projection(.q, _) = role { values = interleaved(values, columns, config.headSize) }
            if case .projection(.k, _) = role { values = interleaved(values, columns, config.headSize) }
            let dimensions = rows == 1 ? [UInt64(columns)] : [UInt64(columns), UInt64(rows)]
            builder.tensors.append(
                GGUFBuilder.Tensor(name: role.ggufName, dimensions: dimensions, type: 0, data: littleEndian(values)))
        }
        return builder
    }

    static func safetensors(_ config: ModelConfig = config) throws -> SafetensorsBuilder {
        SafetensorsBuilder(
            tensors: try config.roles.map { role in
                let (rows, columns) = config.shape(of: role)
                return SafetensorsBuilder.Tensor(
                    name: role.huggingFaceName, shape: rows == 1 ? [columns] : [rows, columns],
                    data: littleEndian(try weights(config).values(role)))
            })
    }

    static func configJSON(_ config: ModelConfig = config) -> String {
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": \(config.hiddenSize),
         "num_hidden_layers": \(config.blockCount), "num_attention_heads": \(config.headCount),
         "num_key_value_heads": \(config.keyValueHeadCount), "head_dim": \(config.headSize),
         "intermediate_size": \(config.intermediateSize), "vocab_size": \(config.vocabularySize),
         "rms_norm_eps": \(config.rmsNormEpsilon), "tie_word_embeddings": \(config.tiedEmbeddings)}
        """
    }

    /// Writes `config.json` and one safetensors file.
    static func writeFolder(_ scratch: Scratch, _ name: String = "checkpoint") throws -> FilePath {
        try scratch.write("\(name)/config.json", configJSON())
        try scratch.write("\(name)/model.safetensors", safetensors().bytes)
        return scratch.folder.appending(name)
    }

    /// Rows as llama.cpp's converter writes those of q and k: `reshape(heads, 2, headSize / 2, columns)` with the two
    /// middle axes swapped.
    static func interleaved(_ values: [Float], _ columns: Int, _ headSize: Int) -> [Float] {
        var rows: [ArraySlice<Float>] = []
        for head in stride(from: 0, to: values.count / columns, by: headSize) {
            for pair in 0..<headSize / 2 {
                for half in 0..<2 {
                    let row = head + half * (headSize / 2) + pair
                    rows.append(values[row * columns..<(row + 1) * columns])
                }
            }
        }
        return Array(rows.joined())
    }
}

extension WeightSource {
    /// A whole tensor.
    func values(_ role: TensorRole) throws -> [Float] {
        let (rows, columns) = config.shape(of: role)
        var values = [Float](repeating: .nan, count: rows * columns)
        try values.withUnsafeMutableBufferPointer { try read(role, into: $0) }
        return values
    }
}

/// What ``KerfError`` an operation throws; `nil` for none, or for another error.
func modelFileError<Result>(_ operation: () throws -> Result) -> KerfError? {
    do {
        _ = try operation()
        return nil
    } catch {
        return error as? KerfError
    }
}
