import ModelFiles
import SystemIO
import SystemPackage
import TestSupport

/// The seeds' model: one block of the Llama family, small enough that a fuzzer tries thousands of files a second.
struct TinyWeights {
    /// A tensor's names and shape.
    struct Tensor {
        var gguf: String
        var huggingFace: String
        /// Rows first; one number for a norm.
        var shape: [Int]
    }

    /// Columns of every matrix but one; a multiple of 32 where a format has blocks.
    var hidden = 8
    private let feedForward = 32
    private let vocabulary = 5

    var tensors: [Tensor] {
        let block: [(String, String, [Int])] = [
            ("attn_norm", "input_layernorm", [hidden]), ("attn_q", "self_attn.q_proj", [hidden, hidden]),
            ("attn_k", "self_attn.k_proj", [hidden / 2, hidden]), ("attn_v", "self_attn.v_proj", [hidden / 2, hidden]),
            ("attn_output", "self_attn.o_proj", [hidden, hidden]), ("ffn_norm", "post_attention_layernorm", [hidden]),
            ("ffn_gate", "mlp.gate_proj", [feedForward, hidden]), ("ffn_up", "mlp.up_proj", [feedForward, hidden]),
            ("ffn_down", "mlp.down_proj", [hidden, feedForward]),
        ]
        let ofBlock = block.map {
            Tensor(gguf: "blk.0.\($0.0).weight", huggingFace: "model.layers.0.\($0.1).weight", shape: $0.2)
        }
        return [
            Tensor(gguf: "token_embd.weight", huggingFace: "model.embed_tokens.weight", shape: [vocabulary, hidden]),
            Tensor(gguf: "output_norm.weight", huggingFace: "model.norm.weight", shape: [hidden]),
            Tensor(gguf: "output.weight", huggingFace: "lm_head.weight", shape: [vocabulary, hidden]),
        ] + ofBlock
    }

    /// - Parameters:
    ///   - type: ggml's number of the matrices' format; norms are f32.
    ///   - blockBytes: bytes of one block of the format.
    ///   - blockCount: elements of one block.
    func gguf(type: UInt32 = 0, blockBytes: Int = 4, blockCount: Int = 1) -> GGUFBuilder {
        var builder = GGUFBuilder()
        builder.metadata = [
            ("general.architecture", .text("llama")), ("llama.block_count", .uint32(1)),
            ("llama.embedding_length", .uint32(UInt32(hidden))),
            ("llama.feed_forward_length", .uint32(UInt32(feedForward))), ("llama.attention.head_count", .uint32(2)),
            ("llama.attention.head_count_kv", .uint32(1)),
            ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)),
            ("llama.rope.dimension_count", .uint32(UInt32(hidden / 2))), ("llama.rope.freq_base", .float32(10_000)),
            ("tokenizer.ggml.tokens", .array(of: 8, [.text("a"), .text("bc")])),
            ("test.nested", .array(of: 9, [.array(of: 5, [.uint32(1)])])),
        ]
        builder.tensors = tensors.map { tensor in
            let count = tensor.shape.reduce(1, *)
            let isMatrix = tensor.shape.count > 1
            return GGUFBuilder.Tensor(
                name: tensor.gguf, dimensions: tensor.shape.reversed().map(UInt64.init), type: isMatrix ? type : 0,
                data: Self.data(isMatrix ? count / blockCount * blockBytes : count * 4))
        }
        return builder
    }

    func safetensors() -> [UInt8] {
        SafetensorsBuilder(
            tensors: tensors.map {
                .init(name: $0.huggingFace, shape: $0.shape, data: Self.data(4 * $0.shape.reduce(1, *)))
            }
        ).bytes
    }

    /// One value a line, so that the mutations of JSON work on it.
    var configJSON: String {
        """
        {
          "architectures": ["LlamaForCausalLM"],
          "model_type": "llama",
          "hidden_size": \(hidden),
          "num_hidden_layers": 1,
          "num_attention_heads": 2,
          "num_key_value_heads": 1,
          "head_dim": \(hidden / 2),
          "intermediate_size": \(feedForward),
          "vocab_size": \(vocabulary),
          "rms_norm_eps": 1e-05,
          "rope_theta": 10000.0,
          "max_position_embeddings": 2048,
          "tie_word_embeddings": false
        }
        """
    }

    /// Small numbers in every format.
    private static func data(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 4 == 3 ? 60 : $0 % 7) } }

    /// Opens weights and reads every tensor.
    static func readAll(_ path: FilePath) throws {
        let source = try WeightSources.open(path)
        // Tied embeddings have no tensor of the head's.
        let ends: [TensorRole] = [.embedding, .finalNorm] + (source.config.tiedEmbeddings ? [] : [.lmHead])
        for role in ends + blocks(of: source) {
            let (rows, columns) = source.config.shape(of: role)
            var values = [Float](repeating: .nan, count: rows * columns)
            try values.withUnsafeMutableBufferPointer { try source.read(role, into: $0) }
        }
    }

    private static func blocks(of source: any WeightSource) -> [TensorRole] {
        (0..<source.config.blockCount).flatMap { block in
            [.attentionNorm(block: block), .mlpNorm(block: block)]
                + Projection.allCases.map { TensorRole.projection($0, block: block) }
        }
    }
}
