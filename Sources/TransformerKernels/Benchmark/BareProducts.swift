import CKernels
import ModelFiles
import ProfileFormat
import Workload

/// The products of a block's seven projections without anything else, as a reference for a block's time.
///
/// Engine, shapes, formats and layouts are those of the block, but for quantized weights, in whose place are plain ones; the
/// operands' values do not matter.
package final class BareProducts {
    private struct Member {
        let product: any MatrixProduct
        let weight: AlignedBuffer
        let source: AlignedBuffer
        let destination: AlignedBuffer
    }

    package let engine: EngineIdentity
    private let forwardMembers: [Member]
    private let backwardMembers: [Member]
    private let scratch: AlignedBuffer
    /// Floating-point operations of one pass, equal in both directions.
    package let flops: Double

    /// - Throws: ``KerfError`` when there is not enough memory or the engine fails.
    package init(model: ModelConfig, batch: BatchShape, format: NumberFormat, engine: any MatrixEngine) throws {
        try engine.check(format)
        self.engine = engine.identity
        let memory = BufferAllocator(limitBytes: availableMemoryBytes())
        let maximumWidth = max(model.hiddenSize, model.intermediateSize, model.querySize)
        func operand(_ format: NumberFormat) throws -> AlignedBuffer {
            try memory.buffer(batch.tokenCount, maximumWidth, format: format, for: "operands")
        }
        // Two sources in alternation, as in a sequence of layers: no product finds its operands in cache because the last
        // one used them.
        let sources = [try operand(format), try operand(format)]
        let destinations = try Dictionary(
            uniqueKeysWithValues: Set([.f32, format]).map { ($0, try operand($0)) })
        var scratchBytes = 0
        var weights: [Projection: AlignedBuffer] = [:]
        /// One for both directions where the engine needs no more.
        func weight(_ projection: Projection, _ product: any MatrixProduct) throws -> AlignedBuffer {
            if engine.layout.copies == 1, let weight = weights[projection] { return weight }
            let weight = try memory.buffer(
                product.weightByteCount / format.byteCount, format: format, for: "weights", zeroed: false)
            weights[projection] = weight
            return weight
        }
        func member(_ projection: Projection, _ direction: Direction) throws -> Member {
            let size = model.shape(of: projection)
            let output = projection.output(format)
            let shape = ProductShape(
                rows: batch.tokenCount, outputSize: size.rows, inputSize: size.columns, direction: direction,
                source: format, destination: direction == .forward ? output.forward : output.backward,
                layout: engine.layout)
            let product = try engine.product(shape)
            scratchBytes = max(scratchBytes, product.scratchByteCount)
            return Member(
                product: product,
                weight: try weight(projection, product),
                source: sources[projection.ordinal % 2], destination: destinations[shape.destination]!)
        }
        forwardMembers = try Projection.allCases.map { try member($0, .forward) }
        backwardMembers = try Projection.allCases.reversed().map { try member($0, .backward) }
        scratch = try memory.buffer((scratchBytes + 3) / 4, for: "scratch memory")
        flops = Projection.allCases.reduce(0) {
            let size = model.shape(of: $1)
            return $0 + 2 * Double(batch.tokenCount) * Double(size.rows) * Double(size.columns)
        }
        memory.zero()
        try fill(sourceCount: maximumWidth * batch.tokenCount, model: model, sources: sources)
    }

    package func run(_ direction: Direction) throws {
        for member in direction == .forward ? forwardMembers : backwardMembers {
            try member.product.run(
                member.source.raw, weight: member.weight.raw, addedTo: nil, into: member.destination.raw,
                scratch: scratch.raw)
        }
    }

    private func fill(sourceCount: Int, model: ModelConfig, sources: [AlignedBuffer]) throws {
        let weightCount = Projection.allCases.map { model.shape(of: $0) }.map { $0.rows * $0.columns }.max() ?? 0
        let numbers = try Staging(chunkBytes: .max).buffer(count: max(weightCount, sourceCount))
        // A short cycle of values is enough: speed does not depend on them unless they are zeros or denormals.
        for index in 0..<numbers.count { numbers.elements[index] = Float(index % 251 - 125) / 128 }
        for member in forwardMembers + backwardMembers {
            try member.product.pack(numbers.start, into: member.weight.raw)
        }
        for source in sources { kerf_copy(1, source.count, numbers.start, source.format.kernel, source.raw) }
    }
}
