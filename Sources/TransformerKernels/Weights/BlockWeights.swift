import ModelFiles
import Workload

/// The frozen weights of one block.
final class BlockWeights {
    let vectors: BlockVectors
    /// Indexed by ``Projection/ordinal``.
    private let matrices: [FrozenMatrix]
    /// The block whose weights are loaded, from 0; nil before the first load and after a failed one.
    private(set) var block: Int?

    /// - Parameter quantization: of its projections' weights.
    init(
        model: ModelConfig, rows: Int, format: NumberFormat, quantization: (Projection) -> QuantizedFormat?,
        layout: WeightLayout, products: ProductCache, memory: BufferAllocator
    ) throws {
        vectors = try BlockVectors(model: model, memory: memory)
        matrices = try Projection.allCases.map { projection in
            let shape = model.shape(of: projection)
            return try FrozenMatrix(
                outputSize: shape.rows, inputSize: shape.columns, rows: ([rows], [rows]), format: format,
                quantization: quantization(projection), output: projection.output(format), layout: layout,
                products: products, memory: memory)
        }
    }

    subscript(projection: Projection) -> FrozenMatrix { matrices[projection.ordinal] }

    func load(block: Int, from source: any WeightSource, staging: Staging) throws {
        // Incomplete until all are read.
        self.block = nil
        try vectors.load(block: block, from: source)
        for projection in Projection.allCases {
            try self[projection].load(.projection(projection, block: block), from: source, staging: staging)
        }
        self.block = block
    }

    var byteCount: Int { matrices.reduce(vectors.byteCount) { $0 + $1.byteCount } }
}
