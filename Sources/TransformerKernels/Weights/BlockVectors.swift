import ModelFiles

/// The norms and biases of one block, f32.
final class BlockVectors {
    /// `[hiddenSize]`
    let attentionNorm, mlpNorm: AlignedBuffer
    /// By role, of block 0: those that only some models have.
    private let others: [TensorRole: AlignedBuffer]

    init(model: ModelConfig, memory: BufferAllocator) throws {
        func vector(_ count: Int) throws -> AlignedBuffer {
            try memory.buffer(count, for: "weights", zeroed: false)
        }
        attentionNorm = try vector(model.hiddenSize)
        mlpNorm = try vector(model.hiddenSize)
        var others: [TensorRole: AlignedBuffer] = [:]
        for role in model.vectors(block: 0) { others[role] = try vector(model.shape(of: role).columns) }
        self.others = others
    }

    /// `[headSize]`; nil in a model without them.
    var queryNorm: AlignedBuffer? { others[.queryNorm(block: 0)] }
    var keyNorm: AlignedBuffer? { others[.keyNorm(block: 0)] }
    /// `[hiddenSize]`; nil in a model without them.
    var postAttentionNorm: AlignedBuffer? { others[.postAttentionNorm(block: 0)] }
    var postMLPNorm: AlignedBuffer? { others[.postMLPNorm(block: 0)] }

    /// `[outputSize]`; nil for a projection without one.
    func bias(_ projection: Projection) -> AlignedBuffer? { others[.bias(projection, block: 0)] }

    func load(block: Int, from source: any WeightSource) throws {
        try source.read(.attentionNorm(block: block), into: attentionNorm.elements)
        try source.read(.mlpNorm(block: block), into: mlpNorm.elements)
        for (own, stored) in zip(source.config.vectors(block: 0), source.config.vectors(block: block)) {
            if let buffer = others[own] { try source.read(stored, into: buffer.elements) }
        }
    }

    var byteCount: Int { others.values.reduce(attentionNorm.byteCount + mlpNorm.byteCount) { $0 + $1.byteCount } }
}
