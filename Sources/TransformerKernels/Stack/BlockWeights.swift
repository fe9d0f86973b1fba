internal import ModelFiles

/// The frozen weights of one block.
final class BlockWeights {
    let attentionNorm: AlignedBuffer
    let mlpNorm: AlignedBuffer
    /// By ``Projection/slot``.
    private let matrices: [AlignedBuffer]
    /// The block whose weights these are; blocks count from 0.
    private(set) var block: Int?

    init(model: ModelConfig, memory: BufferAllocator) throws {
        attentionNorm = try memory.buffer(model.hiddenSize, for: "weights", zeroed: false)
        mlpNorm = try memory.buffer(model.hiddenSize, for: "weights", zeroed: false)
        matrices = try Projection.allCases.map { projection in
            let shape = model.shape(of: projection)
            return try memory.buffer(shape.rows, shape.columns, for: "weights", zeroed: false)
        }
    }

    subscript(projection: Projection) -> AlignedBuffer { matrices[projection.slot] }

    func load(block: Int, from source: any WeightSource) throws {
        // Not these of any block until all are read.
        self.block = nil
        try source.read(.attentionNorm(block: block), into: attentionNorm.elements)
        try source.read(.mlpNorm(block: block), into: mlpNorm.elements)
        for projection in Projection.allCases {
            try source.read(.projection(projection, block: block), into: self[projection].elements)
        }
        self.block = block
    }

    var byteCount: Int { matrices.reduce(attentionNorm.byteCount + mlpNorm.byteCount) { $0 + $1.byteCount } }
}
