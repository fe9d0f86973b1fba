import ModelFiles
import Statistics

/// Weights that a seed and a tensor's role determine, the same in any language: see `Golden/golden.py`.
///
/// Element i of a tensor is the i-th number of SplitMix64 seeded with `seed * 1000 + index`, its upper 24 bits as a
/// fraction of one, less a half; matrices are that times `scale`, norms that plus one and a half, so never near zero.
struct SeededWeights: WeightSource {
    let config: ModelConfig
    let seed: UInt64
    var scale: Float = 1

    var kind: WeightsKind { .random }
    var origin: String { "seed \(seed)" }

    func read(_ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws {
        fill(destination, index: Self.index(role), from: rows.lowerBound * config.shape(of: role).columns)
        let isNorm = role.isNorm
        for index in destination.indices {
            destination[index] = isNorm ? destination[index] + 1.5 : destination[index] * scale
        }
    }

    /// A tensor of numbers in ±0.5, or its elements from the one at `first` on.
    func fill(_ destination: UnsafeMutableBufferPointer<Float>, index: Int, from first: Int = 0) {
        var generator = SeededGenerator(seed: seed * 1000 + UInt64(index))
        for _ in 0..<first { _ = generator.next() }
        for index in destination.indices {
            destination[index] = Float(generator.next() >> 40) / Float(1 << 24) - 0.5
        }
    }

    func values(_ role: TensorRole) -> [Float] {
        let shape = config.shape(of: role)
        return [Float](unsafeUninitializedCapacity: shape.rows * shape.columns) { buffer, count in
            count = shape.rows * shape.columns
            let whole = UnsafeMutableBufferPointer(rebasing: buffer[0..<count])
            try? read(role, into: whole)
        }
    }

    static func index(_ role: TensorRole) -> Int {
        switch role {
        case .embedding: 0
        case .lmHead: 1
        case .finalNorm: 2
        case .attentionNorm(let block): 10 + 10 * block
        case .mlpNorm(let block): 11 + 10 * block
        case .projection(let projection, let block):
            12 + 10 * block + (Projection.allCases.firstIndex(of: projection) ?? 0)
        case .queryNorm(let block): 300 + 10 * block
        case .keyNorm(let block): 301 + 10 * block
        case .postAttentionNorm(let block): 302 + 10 * block
        case .postMLPNorm(let block): 303 + 10 * block
        case .bias(let projection, let block):
            304 + 10 * block + (Projection.allCases.firstIndex(of: projection) ?? 0)
        }
    }
}
