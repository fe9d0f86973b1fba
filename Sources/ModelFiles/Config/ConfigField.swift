/// A field of a model's configuration; messages show the name that it has in the file.
enum ConfigField: CaseIterable {
    case hiddenSize, blockCount, headCount, keyValueHeadCount, headSize, intermediateSize, vocabularySize
    case rmsNormEpsilon, ropeTheta, ropeScaling, tiedEmbeddings

    /// Key in Hugging Face's `config.json`.
    var huggingFace: String {
        switch self {
        case .hiddenSize: "hidden_size"
        case .blockCount: "num_hidden_layers"
        case .headCount: "num_attention_heads"
        case .keyValueHeadCount: "num_key_value_heads"
        case .headSize: "head_dim"
        case .intermediateSize: "intermediate_size"
        case .vocabularySize: "vocab_size"
        case .rmsNormEpsilon: "rms_norm_eps"
        case .ropeTheta: "rope_theta"
        case .ropeScaling: "rope_scaling"
        case .tiedEmbeddings: "tie_word_embeddings"
        }
    }

    /// Key in GGUF metadata, or the name of the tensor that implies the field.
    var gguf: String {
        switch self {
        case .hiddenSize: "llama.embedding_length"
        case .blockCount: "llama.block_count"
        case .headCount: "llama.attention.head_count"
        case .keyValueHeadCount: "llama.attention.head_count_kv"
        case .headSize: "llama.attention.key_length"
        case .intermediateSize: "llama.feed_forward_length"
        case .vocabularySize: "llama.vocab_size"
        case .rmsNormEpsilon: "llama.attention.layer_norm_rms_epsilon"
        case .ropeTheta: "llama.rope.freq_base"
        case .ropeScaling: "llama.rope.scaling"
        case .tiedEmbeddings: "output.weight"
        }
    }
}
