/// The shape of a decoder of the Llama kind: everything that is needed to lay out its weights and count its work. What
/// other families compute otherwise is its ``variant``.
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
    package var variant: ModelVariant

    package init(
        name: String, hiddenSize: Int, blockCount: Int, headCount: Int, keyValueHeadCount: Int, headSize: Int,
        intermediateSize: Int, vocabularySize: Int, rmsNormEpsilon: Double, rope: RotaryEmbedding, tiedEmbeddings: Bool,
        variant: ModelVariant = ModelVariant()
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
        self.variant = variant
    }

    /// Width of the queries, and of the input to the output projection.
    package var querySize: Int { headCount * headSize }
    /// Width of the keys, and of the values.
    package var keyValueSize: Int { keyValueHeadCount * headSize }
    /// Elements of a head that are rotated.
    package var rotarySize: Int { variant.rotarySize ?? headSize }
    /// Factor of the products of q and k.
    package var attentionScale: Double { variant.attentionScale ?? 1 / Double(headSize).squareRoot() }

    /// Tokens that a token of a block attends to, itself included; `nil` for all before.
    ///
    /// - Parameter block: from 0.
    package func window(block: Int) -> Int? {
        guard let window = variant.window, !window.fullLayers.contains(block + 1) else { return nil }
        return window.size
    }

    /// The rotary embedding of blocks with a window, where it is another one than ``rope``.
    package var windowRope: RotaryEmbedding? { variant.windowRopeTheta.map { RotaryEmbedding(theta: $0) } }
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
        /// One divisor for each frequency, half as many as rotated elements of a head, from the GGUF tensor `rope_freqs.weight`.
        case perFrequency([Float])
        /// Phi-3 for long contexts: `rope_type` `longrope`.
        case longRope(LongRope)
    }

    /// LongRoPE (Ding et al., arXiv 2402.13753).
    package struct LongRope: Sendable, Hashable {
        /// One divisor for each frequency, for sequences of up to ``originalContextLength`` tokens.
        package var short: [Float]
        /// Those for longer ones.
        package var long: [Float]
        package var originalContextLength: Int
        /// Factor of cosines and sines.
        package var attentionFactor: Double

        package init(short: [Float], long: [Float], originalContextLength: Int, attentionFactor: Double) {
            self.short = short
            self.long = long
            self.originalContextLength = originalContextLength
            self.attentionFactor = attentionFactor
        }

        package func divisors(sequence: Int) -> [Float] { sequence > originalContextLength ? long : short }
    }
}
