import Statistics

/// Weights generated from a seed, for profiling without a checkpoint.
///
/// Matrices are uniform with mean 0 and standard deviation 0.02, the value at which Llama models are initialized
/// (`initializer_range` of `config.json`); biases have the same distribution, norm weights have it around 1. With RMS norm
/// before each half of a block such weights add a bounded amount to the residual stream, which so grows at most linearly
/// with the number of blocks.
///
/// Each row of each tensor has its own key, derived from the seed, the tensor's role and the row. Each element depends on
/// its row's key and its column alone. So a tensor can be generated at any time, without the others, and is always the
/// same.
package struct RandomWeights: WeightSource {
    package let config: ModelConfig
    package let seed: UInt64
    package let kind = WeightsKind.random
    package var origin: String { "seed \(seed)" }

    /// - Parameter config: from ``HuggingFaceConfig`` or ``ModelPresets``, which have checked its shapes.
    package init(_ config: ModelConfig, seed: UInt64) {
        self.config = config
        self.seed = seed
    }

    package func read(
        _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        try config.validate(role, rows: rows, count: destination.count, file: origin)
        guard let base = destination.baseAddress else { return }
        let role = config.stored(role)
        let columns = config.shape(of: role).columns
        var rowKeys = SeededGenerator(seed: tensorKey(role))
        for _ in 0..<rows.lowerBound { _ = rowKeys.next() }
        for row in 0..<rows.count {
            UniformRow(key: rowKeys.next(), mean: role.isNorm ? 1 : 0).fill(base + row * columns, columns)
        }
    }

    private func tensorKey(_ role: TensorRole) -> UInt64 {
        var scramble = SeededGenerator(seed: seed)
        scramble = SeededGenerator(seed: scramble.next() &+ role.number)
        return scramble.next()
    }
}

extension TensorRole {
    /// Unique for every tensor. Changing it would change all random weights.
    fileprivate var number: UInt64 {
        let kind: Int
        switch self {
        case .embedding: kind = 0
        case .attentionNorm: kind = 1
        case .mlpNorm: kind = 2
        case .finalNorm: kind = 3
        case .lmHead: kind = 4
        case .projection(.q, _): kind = 5
        case .projection(.k, _): kind = 6
        case .projection(.v, _): kind = 7
        case .projection(.o, _): kind = 8
        case .projection(.gate, _): kind = 9
        case .projection(.up, _): kind = 10
        case .projection(.down, _): kind = 11
        case .queryNorm: kind = 12
        case .keyNorm: kind = 13
        case .postAttentionNorm: kind = 14
        case .postMLPNorm: kind = 15
        // Of seven, in the order of the projections.
        case .bias(let projection, _): kind = 16 + (Projection.allCases.firstIndex(of: projection) ?? 0)
        }
        return UInt64(kind) << 32 | UInt64(block ?? 0)
    }
}

/// A row of uniform numbers, each derived from the row's key and its column.
private struct UniformRow {
    /// Half width of the distribution: the standard deviation times the square root of 3.
    private static let halfWidth: Float = 0.02 * 1.732_050_8

    private let first: UInt32
    private let second: UInt32
    private let mean: Float

    init(key: UInt64, mean: Float) {
        first = UInt32(truncatingIfNeeded: key)
        second = UInt32(truncatingIfNeeded: key >> 32)
        self.mean = mean
    }

    /// A counter-based generator: elements are independent, so the loop vectorizes.
    ///
    /// The mixing steps are those of lowbias32 (C. Wellons, "Prospecting for Hash Functions", 2018), with half of the
    /// key added before and half in the middle, so that rows are not shifted copies of each other.
    func fill(_ destination: UnsafeMutablePointer<Float>, _ count: Int) {
        let scale = Self.halfWidth / 2_147_483_648
        for index in 0..<count {
            var bits = UInt32(truncatingIfNeeded: index) &+ first
            bits = (bits ^ (bits &>> 16)) &* 0x7FEB_352D
            bits = (bits ^ (bits &>> 15)) &+ second
            bits = bits &* 0x846C_A68B
            bits ^= bits &>> 16
            destination[index] = Float(Int32(bitPattern: bits)) * scale + mean
        }
    }
}
