/// A field of a model's configuration; messages show the name that it has in the file.
enum ConfigField: CaseIterable {
    case hiddenSize, blockCount, headCount, keyValueHeadCount, headSize, intermediateSize, vocabularySize
    case rmsNormEpsilon, ropeTheta, ropeScaling, tiedEmbeddings
    case windowRopeTheta, rotarySize, window, embeddingScale, attentionScale, attentionSoftCap, logitSoftCap

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
        case .windowRopeTheta: "rope_local_base_freq"
        case .rotarySize: "partial_rotary_factor"
        case .window: "sliding_window"
        case .embeddingScale: "the embedding's scale"
        case .attentionScale: "query_pre_attn_scalar"
        case .attentionSoftCap: "attn_logit_softcapping"
        case .logitSoftCap: "final_logit_softcapping"
        }
    }

    /// Key in GGUF metadata, or the name of the tensor that implies the field.
    ///
    /// - Parameter architecture: `general.architecture`, which most keys begin with.
    func gguf(_ architecture: String) -> String {
        let key =
            switch self {
            case .hiddenSize: "embedding_length"
            case .blockCount: "block_count"
            case .headCount: "attention.head_count"
            case .keyValueHeadCount: "attention.head_count_kv"
            case .headSize: "attention.key_length"
            case .intermediateSize: "feed_forward_length"
            case .vocabularySize: "vocab_size"
            case .rmsNormEpsilon: "attention.layer_norm_rms_epsilon"
            case .ropeTheta: "rope.freq_base"
            case .ropeScaling: "rope.scaling"
            case .windowRopeTheta: "rope.freq_base_swa"
            case .rotarySize: "rope.dimension_count"
            case .window: "attention.sliding_window"
            case .embeddingScale: "embedding_scale"
            case .attentionScale: "attention.scale"
            case .attentionSoftCap: "attn_logit_softcapping"
            case .logitSoftCap: "final_logit_softcapping"
            case .tiedEmbeddings: ""
            }
        return self == .tiedEmbeddings ? TensorRole.lmHead.ggufName : "\(architecture).\(key)"
    }
}
