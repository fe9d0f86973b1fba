import ModelFiles
import Statistics
import SystemIO
import SystemPackage
import TestSupport

/// GGUF files: header, metadata, tensor table and the numbers of every tensor.
struct GGUFKind: InputKind {
    let name = "gguf"

    func seeds() throws -> [[UInt8]] {
        let wide = TinyWeights(hidden: 32)
        // Numbers of formats and their blocks. Source: ggml, ggml_type and ggml-common.h.
        return [
            TinyWeights().gguf().bytes, TinyWeights().gguf(type: 1, blockBytes: 2).bytes,
            wide.gguf(type: 2, blockBytes: 18, blockCount: 32).bytes,
            wide.gguf(type: 3, blockBytes: 20, blockCount: 32).bytes,
            wide.gguf(type: 8, blockBytes: 34, blockCount: 32).bytes,
        ]
    }

    func words() -> Set<String> {
        Set(TinyWeights().tensors.map(\.gguf)).union(TinyWeights().gguf().metadata.map { $0.key }).union([
            "GGUF", "rope_freqs.weight", "general.alignment", "split.count", "llama", "qwen2", "qwen3", "phi3",
            "gemma2", "gemma3",
            "\u{3}\0\0\0", "\u{8}\0\0\0",
        ])
    }

    func attempt(_ bytes: [UInt8]) throws {
        let tree = try FixtureTree()
        try tree.write("model.gguf", bytes: bytes)
        try TinyWeights.readAll(tree.file("model.gguf"))
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.headed(bytes, header: 1400, maximum: maximum, using: &random)
    }
}

/// Safetensors files of a folder with a sound `config.json`.
struct SafetensorsKind: InputKind {
    let name = "safetensors"

    func seeds() -> [[UInt8]] { [TinyWeights().safetensors()] }

    func words() -> Set<String> {
        Set(TinyWeights().tensors.map { "\"\($0.huggingFace)\"" }).union(SchemaWords.values).union([
            "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"F32\"", "\"BF16\"", "\"F16\"", "[8]",
        ])
    }

    func attempt(_ bytes: [UInt8]) throws {
        let tree = try FixtureTree()
        try tree.write("config.json", TinyWeights().configJSON)
        try tree.write("model.safetensors", bytes: bytes)
        try TinyWeights.readAll(tree.path)
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.safetensors(bytes, maximum: maximum, using: &random)
    }
}

/// Hugging Face's `config.json`, alone and with sound weights beside it.
struct ConfigKind: InputKind {
    let name = "config"

    func seeds() -> [[UInt8]] {
        [Array(TinyWeights().configJSON.utf8), Array(TinyWeights(hidden: 32).configJSON.utf8)]
    }

    func words() -> Set<String> {
        SchemaWords.values.union([
            "\"mistral\"", "\"sliding_window\"", "\"rope_scaling\"", "\"rope_type\"", "\"llama3\"", "\"factor\"",
            "\"low_freq_factor\"", "\"high_freq_factor\"", "\"original_max_position_embeddings\"", "\"head_dim\"",
            "\"attention_bias\"", "\"mlp_bias\"", "\"qwen2\"", "\"qwen3\"", "\"phi3\"", "\"gemma2\"",
            "\"gemma3_text\"", "\"layer_types\"", "\"sliding_attention\"", "\"full_attention\"",
            "\"partial_rotary_factor\"", "\"query_pre_attn_scalar\"", "\"use_sliding_window\"", "\"hidden_act\"",
            "\"silu\"", "\"quantization_config\"",
        ])
    }

    func attempt(_ bytes: [UInt8]) throws {
        let tree = try FixtureTree()
        try tree.write("config.json", bytes: bytes)
        _ = try HuggingFaceConfig.model(at: tree.file("config.json"))
        try tree.write("model.safetensors", bytes: TinyWeights().safetensors())
        try TinyWeights.readAll(tree.path)
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.json(bytes, maximum: maximum, using: &random)
    }
}
