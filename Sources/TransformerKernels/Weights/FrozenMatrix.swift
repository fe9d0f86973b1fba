import ModelFiles
import Workload

/// A frozen weight W, `[outputSize, inputSize]`, in memory, with the products that use it.
///
/// Packed, it is there twice: each direction multiplies fastest from a layout of its own, and neither can be had from
/// the other without a pass over the weight in every product. Plain, it is there once.
final class FrozenMatrix {
    /// One direction: where the weight lies for it, and its products by their number of rows.
    private struct Side {
        let buffer: AlignedBuffer
        let products: [Int: any MatrixProduct]
    }

    private let forward: Side
    private let backward: Side
    /// `[outputSize, inputSize]` elements.
    private let count: Int

    /// - Parameters:
    ///   - rows: all numbers of rows that it will be multiplied with, in each direction.
    ///   - format: of the weight and of what it is multiplied with.
    ///   - output: formats of the forward and backward products' results.
    init(
        outputSize: Int, inputSize: Int, rows: (forward: Set<Int>, backward: Set<Int>), format: NumberFormat,
        output: (forward: NumberFormat, backward: NumberFormat), layout: WeightLayout, products: ProductCache,
        memory: BufferAllocator
    ) throws {
        count = outputSize * inputSize
        func side(
            _ direction: Direction, _ rows: Set<Int>, _ destination: NumberFormat, sharing shared: AlignedBuffer? = nil
        ) throws -> Side {
            var prepared: [Int: any MatrixProduct] = [:]
            for rows in rows {
                prepared[rows] = try products.product(
                    ProductShape(
                        rows: rows, outputSize: outputSize, inputSize: inputSize, direction: direction,
                        source: format, destination: destination, layout: layout))
            }
            let bytes = prepared.values.map(\.weightByteCount).max() ?? 0
            let buffer =
                try shared
                ?? memory.buffer(
                    bytes / format.byteCount, format: format, for: "weights", zeroed: false)
            return Side(buffer: buffer, products: prepared)
        }
        forward = try side(.forward, rows.forward, output.forward)
        backward = try side(
            .backward, rows.backward, output.backward, sharing: layout == .plain ? forward.buffer : nil)
    }

    /// The weight as it lies for the forward products.
    var table: AlignedBuffer { forward.buffer }

    /// Reads the weight from a source, through f32 memory of its size unless it is kept just so.
    func load(_ role: TensorRole, from source: any WeightSource, staging: Staging) throws {
        let isPlain = forward.buffer === backward.buffer
        if isPlain, forward.buffer.format == .f32 { return try source.read(role, into: forward.buffer.elements) }
        let plain = try staging.buffer(count: count)
        try source.read(role, into: UnsafeMutableBufferPointer(start: plain.start, count: count))
        for side in isPlain ? [forward] : [forward, backward] {
            try side.products.values.first?.pack(plain.start, into: side.buffer.raw)
        }
    }

    /// y = base + x Wᵀ; the base may be y itself, nil is zero.
    func multiply(
        rows: Int, _ x: UnsafeRawPointer, addedTo base: UnsafeRawPointer? = nil, into y: UnsafeMutableRawPointer,
        scratch: AlignedBuffer
    ) throws {
        try forward.products[rows]!.run(
            x, weight: forward.buffer.raw, addedTo: base, into: y, scratch: scratch.raw)
    }

    /// y = base + x W: the gradient of ``multiply``'s x from that of its y.
    func multiplyBack(
        rows: Int, _ x: UnsafeRawPointer, addedTo base: UnsafeRawPointer? = nil, into y: UnsafeMutableRawPointer,
        scratch: AlignedBuffer
    ) throws {
        try backward.products[rows]!.run(
            x, weight: backward.buffer.raw, addedTo: base, into: y, scratch: scratch.raw)
    }

    var byteCount: Int {
        forward.buffer.byteCount + (backward.buffer === forward.buffer ? 0 : backward.buffer.byteCount)
    }
}

/// The prepared products of a stack: blocks share them, since their shapes are the same.
final class ProductCache {
    private let engine: any MatrixEngine
    private var products: [ProductShape: any MatrixProduct] = [:]

    init(engine: any MatrixEngine) { self.engine = engine }

    func product(_ shape: ProductShape) throws -> any MatrixProduct {
        if let product = products[shape] { return product }
        let product = try engine.product(shape)
        products[shape] = product
        return product
    }

    /// Bytes of memory that serves every product.
    var scratchByteCount: Int { products.values.map(\.scratchByteCount).max() ?? 0 }
}
