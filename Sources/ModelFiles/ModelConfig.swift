/// The shape of a Llama-family decoder: everything that is needed to lay out its weights and count its work.
///
/// Names follow Hugging Face `config.json` in meaning; ``HuggingFaceConfig`` reads that file.
package struct ModelConfig: Sendable, Hashable {
    /// Name shown to the user: `llama-3.2-1b`.
    package var name: String
    /// Width of the residual stream, d.
    package var hiddenSize: Int
    /// Number of decoder blocks, L.
    package var blockCount: Int
    package var headCount: Int
    /// Key and value heads; a divisor of `headCount` (grouped-query attention).
    package var keyValueHeadCount: Int
    package var headSize: Int
    /// Width of the MLP.
    package var intermediateSize: Int
    package var vocabularySize: Int
    package var rmsNormEpsilon: Double
    package var rope: RotaryEmbedding
    /// Whether the LM head is the embedding matrix.
    package var tiedEmbeddings: Bool

    package init(
        name: String, hiddenSize: Int, blockCount: Int, headCount: Int, keyValueHeadCount: Int, headSize: Int,
        intermediateSize: Int, vocabularySize: Int, rmsNormEpsilon: Double, rope: RotaryEmbedding, tiedEmbeddings: Bool
    ) {
        self.name = name
        self.hiddenSize = hiddenSize
        self.blockCount = blockCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.intermediateSize = intermediateSize
        self.vocabularySize = vocabularySize
        self.rmsNormEpsilon = rmsNormEpsilon
        self.rope = rope
        self.tiedEmbeddings = tiedEmbeddings
    }

    /// Width of the queries, and of the input to the output projection.
    package var querySize: Int { headCount * headSize }
    /// Width of the keys, and of the values.
    package var keyValueSize: Int { keyValueHeadCount * headSize }
}

/// Rotary position embedding: its base and, for long-context models, the scaling of its frequencies.
package struct RotaryEmbedding: Sendable, Hashable {
    package var theta: Double
    package var scaling: Scaling?

    package init(theta: Double, scaling: Scaling? = nil) {
        self.theta = theta
        self.scaling = scaling
    }

    package enum Scaling: Sendable, Hashable {
        /// All frequencies divided by `factor`.
        case linear(factor: Double)
        /// Llama 3.1 and later: `rope_type` `llama3` of Hugging Face's `config.json`.
        case llama3(
            factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
        /// One divisor for each of the `headSize / 2` frequencies, from the GGUF tensor `rope_freqs.weight`.
        case perFrequency([Float])
    }
}
