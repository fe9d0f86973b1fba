/// One of a decoder block's seven linear projections. Weights are `[output, input]`, row-major: y = x Wᵀ.
public enum Projection: String, Sendable, Hashable, CaseIterable, Codable {
    case q, k, v, o, gate, up, down
}

/// What a tensor is in the model, whatever its file calls it.
package enum TensorRole: Sendable, Hashable {
    /// `[vocabularySize, hiddenSize]`
    case embedding
    /// `[hiddenSize]`; `block` counts from 0.
    case attentionNorm(block: Int)
    case projection(Projection, block: Int)
    /// `[hiddenSize]`
    case mlpNorm(block: Int)
    /// `[hiddenSize]`
    case finalNorm
    /// `[vocabularySize, hiddenSize]`; not asked for when the embedding is tied.
    case lmHead
}

extension ModelConfig {
    /// Rows and columns of a tensor; a vector is one row.
    package func shape(of role: TensorRole) -> (rows: Int, columns: Int) {
        switch role {
        case .embedding, .lmHead: (vocabularySize, hiddenSize)
        case .attentionNorm, .mlpNorm, .finalNorm: (1, hiddenSize)
        case .projection(let projection, _): shape(of: projection)
        }
    }

    /// `rows` is the projection's output width, `columns` its input width.
    package func shape(of projection: Projection) -> (rows: Int, columns: Int) {
        switch projection {
        case .q: (querySize, hiddenSize)
        case .k, .v: (keyValueSize, hiddenSize)
        case .o: (hiddenSize, querySize)
        case .gate, .up: (intermediateSize, hiddenSize)
        case .down: (hiddenSize, intermediateSize)
        }
    }
}

/// Where weights come from.
public enum WeightsKind: String, Sendable, Hashable, CaseIterable, Codable {
    /// A GGUF file.
    case gguf
    /// A folder with `config.json` and safetensors.
    case safetensors
    /// A seed.
    case random
}

/// Weights of a model: a GGUF file, a folder of safetensors, or a seed.
///
/// Rotary projections (q and k) are always delivered in Hugging Face's row order, in which element `i` of a head is
/// rotated with element `i + headSize / 2`; a source whose file interleaves the pairs reorders them.
package protocol WeightSource: Sendable {
    var config: ModelConfig { get }
    var kind: WeightsKind { get }
    /// For provenance: the file's or folder's own name, without the folders it lies in, or the seed in words.
    var origin: String { get }

    /// Writes a tensor as f32, row-major, into `destination`, whose count is that of the tensor's shape.
    ///
    /// - Throws: ``KerfError`` when the tensor is missing, has another shape, or its bytes cannot be read.
    func read(_ role: TensorRole, into destination: UnsafeMutableBufferPointer<Float>) throws
}
