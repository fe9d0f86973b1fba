import ModelFiles
import Workload

/// A frozen weight W, `[outputSize, inputSize]`, in memory, with the products that use it.
///
/// In the packed layout it is stored twice, since each direction has its own fastest layout and a conversion in every
/// product would cost a pass over the weight. In the other layouts it is stored once.
final class FrozenMatrix {
    /// One direction: the weight in its layout, and its products by their number of rows.
    private struct Side {
        let buffer: AlignedBuffer
        let products: [Int: any MatrixProduct]
    }

    private let forward: Side
    private let backward: Side
    private let layout: WeightLayout
    private let quantization: QuantizedFormat?
    private let outputSize: Int
    private let inputSize: Int

    /// - Parameters:
    ///   - rows: all row counts of its products, in each direction.
    ///   - format: format of the other operand, and of the weight where it is not quantized.
    ///   - output: formats of the results of the forward and backward products.
    init(
        outputSize: Int, inputSize: Int, rows: (forward: Set<Int>, backward: Set<Int>), format: NumberFormat,
        quantization: QuantizedFormat?, output: (forward: NumberFormat, backward: NumberFormat), layout: WeightLayout,
        products: ProductCache, memory: BufferAllocator
    ) throws {
        self.outputSize = outputSize
        self.inputSize = inputSize
        self.layout = layout
        self.quantization = quantization
        func side(
            _ direction: Direction, _ rows: Set<Int>, _ destination: NumberFormat, sharing shared: AlignedBuffer? = nil
        ) throws -> Side {
            var prepared: [Int: any MatrixProduct] = [:]
            for rows in rows {
                prepared[rows] = try products.product(
                    ProductShape(
                        rows: rows, outputSize: outputSize, inputSize: inputSize, direction: direction,
                        source: format, destination: destination, layout: layout, quantization: quantization))
            }
            let bytes = prepared.values.map(\.weightByteCount).max() ?? 0
            let stored = quantization == nil ? format : .f32
            let buffer =
                try shared
                ?? memory.buffer(
                    (bytes + stored.byteCount - 1) / stored.byteCount, format: stored, for: "weights", zeroed: false)
            return Side(buffer: buffer, products: prepared)
        }
        forward = try side(.forward, rows.forward, output.forward)
        backward = try side(
            .backward, rows.backward, output.backward, sharing: layout.copies == 1 ? forward.buffer : nil)
    }

    /// The weight in the layout of the forward products.
    var table: AlignedBuffer { forward.buffer }

    /// Reads the weight from a source, through an f32 buffer unless it is stored in plain f32.
    func load(_ role: TensorRole, from source: any WeightSource, staging: Staging) throws {
        if layout == .plain, forward.buffer.format == .f32 {
            return try source.read(role, into: forward.buffer.elements)
        }
        if let product = forward.products.values.first as? any PanelProduct {
            return try load(role, from: source, by: product, staging: staging)
        }
        let count = outputSize * inputSize
        let plain = try staging.buffer(count: count)
        try source.read(role, into: UnsafeMutableBufferPointer(start: plain.start, count: count))
        for side in layout.copies == 1 ? [forward] : [forward, backward] {
            try side.products.values.first?.pack(plain.start, into: side.buffer.raw)
        }
    }

    private func load(
        _ role: TensorRole, from source: any WeightSource, by product: any PanelProduct, staging: Staging
    ) throws {
        let rowBytes = quantization?.rowBytes(columns: inputSize) ?? MemoryLayout<Float>.size * inputSize
        let rowsAtOnce = max(1, min(outputSize, staging.chunkBytes / rowBytes))
        let buffer = try staging.buffer(count: (rowsAtOnce * rowBytes + 3) / 4)
        for first in stride(from: 0, to: outputSize, by: rowsAtOnce) {
            let rows = first..<min(first + rowsAtOnce, outputSize)
            if let quantization {
                let bytes = UnsafeMutableRawBufferPointer(start: buffer.raw, count: rows.count * rowBytes)
                try source.readBlocks(role, rows: rows, in: quantization, into: bytes)
                product.pack(rows: rows, blocks: buffer.raw, into: forward.buffer.raw)
            } else {
                let values = UnsafeMutableBufferPointer(start: buffer.start, count: rows.count * inputSize)
                try source.read(role, rows: rows, into: values)
                product.pack(rows: rows, buffer.start, into: forward.buffer.raw)
            }
        }
    }

    /// y = base + x Wᵀ; the base may be y itself, and nil is zero.
    func multiply(
        rows: Int, _ x: UnsafeRawPointer, addedTo base: UnsafeRawPointer? = nil, into y: UnsafeMutableRawPointer,
        scratch: AlignedBuffer
    ) throws {
        try forward.products[rows]!.run(
            x, weight: forward.buffer.raw, addedTo: base, into: y, scratch: scratch.raw)
    }

    /// y = base + x W: the gradient of the forward product's x from that of its y.
    func multiplyBackward(
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

/// The prepared products of a stack. Blocks share them, since their shapes are equal.
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

    /// Bytes of scratch memory that suffice for every product.
    var scratchByteCount: Int { products.values.map(\.scratchByteCount).max() ?? 0 }
}
