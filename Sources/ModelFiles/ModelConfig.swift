/// The shape of a Llama-family decoder: all that is needed to lay out its weights and count its work.
///
/// Names follow Hugging Face `config.json` in meaning; ``HuggingFaceConfig`` reads that file.
public struct ModelConfig: Sendable, Hashable {
    /// What the reader calls the model: `llama-3.2-1b`.
    public var name: String
    /// Width of the residual stream, d.
    public var hiddenSize: Int
    /// Number of decoder blocks, L.
    public var blockCount: Int
    public var headCount: Int
    /// Heads of keys and values; a divisor of `headCount` (grouped-query attention).
    public var keyValueHeadCount: Int
    public var headSize: Int
    /// Width of the MLP.
    public var intermediateSize: Int
    public var vocabularySize: Int
    public var rmsNormEpsilon: Double
    public var rope: RotaryEmbedding
    /// Whether the LM head is the embedding matrix.
    public var tiedEmbeddings: Bool

    public init(
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
    public var querySize: Int { headCount * headSize }
    /// Width of the keys, and of the values.
    public var keyValueSize: Int { keyValueHeadCount * headSize }
}

/// Rotary position embedding: its base and, for long-context models, how the frequencies are stretched.
public struct RotaryEmbedding: Sendable, Hashable {
    public var theta: Double
    public var scaling: Scaling?

    public init(theta: Double, scaling: Scaling? = nil) {
        self.theta = theta
        self.scaling = scaling
    }

    public enum Scaling: Sendable, Hashable {
        /// All frequencies divided by `factor`.
        case linear(factor: Double)
        /// Llama 3.1 and later: `rope_type` `llama3` of Hugging Face's `config.json`.
        case llama3(
            factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
        /// One divisor for each of the `headSize / 2` frequencies, as a GGUF tensor `rope_freqs.weight` gives them.
        case perFrequency([Float])
    }
}
