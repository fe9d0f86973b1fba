import CKernels
import SystemIO
import Workload

/// The two limits of the roofline model: the engine's multiplication rate and the memory bandwidth.
///
/// Each is the maximum of as many runs as fit into a tenth of a second, at least two, since disturbances only slow a run
/// down. On a slow box the product has fewer rows and less memory is copied, so that they stay within their share of the
/// run.
///
/// Source: Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009.
package struct RooflineMeasurement: Sendable {
    /// Rate of a product of ``productRows`` rows with a weight of 2048 x 2048.
    package var flopsPerSecond: Double
    /// 512 where the box is fast enough.
    package var productRows: Int
    package var productRuns: Int
    /// Bytes read and written per second while ``copiedBytes`` are copied.
    package var bytesPerSecond: Double
    /// 128 MiB where the box is fast enough.
    package var copiedBytes: Int
    package var copyRuns: Int

    private static let secondsPerLimit = 0.1
    /// Time that the largest copy may take to prepare, however short the run is: a smaller one may fit a fast box's caches.
    private static let copySeconds = 1.0

    /// Rows of the product, of which the largest that is affordable counts.
    private static let rowChoices = [4, 32, 128, 512]

    /// - Parameter secondsAtMost: for one run of the product.
    /// - Throws: ``KerfError`` when the engine fails or there is not enough memory.
    package static func measure(
        engine: any MatrixEngine, format: NumberFormat, secondsAtMost: Double = .infinity
    ) throws -> RooflineMeasurement {
        let memory = BufferAllocator(limitBytes: availableMemoryBytes())
        // Preparing a product may take longer than to run it, so that the last one is kept.
        var largest = try product(engine, format, memory, rows: rowChoices[0])
        for rows in rowChoices.dropFirst() {
            let rate = try best(of: largest.flops, seconds: 0, runs: 1, largest.run).rate
            guard ProductShape.roofline(rows: rows, engine, format).flops / rate <= secondsAtMost else { break }
            largest = try product(engine, format, memory, rows: rows)
        }
        let (flops, productRuns) = try best(of: largest.flops, seconds: secondsPerLimit, runs: 2, largest.run)
        let copied = try copy(
            threads: Int32(engine.threadCount), memory, secondsAtMost: max(secondsAtMost, copySeconds))
        return RooflineMeasurement(
            flopsPerSecond: flops, productRows: largest.rows, productRuns: productRuns, bytesPerSecond: copied.rate,
            copiedBytes: copied.bytes, copyRuns: copied.runs)
    }

    /// A product whose operands are in memory.
    private struct PreparedProduct {
        var rows: Int
        var flops: Double
        var run: () throws -> Void
    }

    private static func product(
        _ engine: any MatrixEngine, _ format: NumberFormat, _ memory: BufferAllocator, rows: Int
    ) throws -> PreparedProduct {
        let shape = ProductShape.roofline(rows: rows, engine, format)
        let width = shape.inputSize
        let product = try engine.product(shape)
        let numbers = try memory.buffer(width, width, for: "operands", zeroed: false)
        for index in numbers.elements.indices { numbers.elements[index] = Float(index % 251 - 125) / 128 }
        let weight = try memory.buffer(product.weightByteCount / 4 + 1, for: "weights", zeroed: false)
        let (x, y) = (
            try memory.buffer(rows, width, format: format, for: "operands", zeroed: false),
            try memory.buffer(rows, width, format: format, for: "operands", zeroed: false)
        )
        let scratch = try memory.buffer(product.scratchByteCount / 4 + 1, for: "scratch memory", zeroed: false)
        kerf_copy(1, x.count, numbers.start, format.kernel, x.raw)
        try product.pack(numbers.start, into: weight.raw)
        return PreparedProduct(rows: rows, flops: shape.flops) {
            try product.run(x.raw, weight: weight.raw, addedTo: nil, into: y.raw, scratch: scratch.raw)
        }
    }

    /// - Parameter secondsAtMost: for mapping and clearing the memory.
    private static func copy(
        threads: Int32, _ memory: BufferAllocator, secondsAtMost: Double
    ) throws -> (rate: Double, bytes: Int, runs: Int) {
        let (small, large) = (4 << 20, 32 << 20)
        // Processor time: a busy box is not a slow one.
        let began = threadCPUSeconds()
        var operands = try copyOperands(small, memory)
        let seconds = threadCPUSeconds() - began
        if seconds * Double(large / small) <= secondsAtMost { operands = try copyOperands(large, memory) }
        let (from, to) = operands
        let (rate, runs) = best(of: Double(from.byteCount + to.byteCount), seconds: secondsPerLimit, runs: 2) {
            kerf_copy(threads, from.count, from.start, KERF_F32, to.raw)
        }
        return (rate, from.byteCount, runs)
    }

    private static func copyOperands(
        _ count: Int, _ memory: BufferAllocator
    ) throws -> (from: AlignedBuffer, to: AlignedBuffer) {
        let operands = (
            from: try memory.buffer(count, for: "memory to copy"), to: try memory.buffer(count, for: "memory to copy")
        )
        memory.zero()
        return operands
    }

    /// - Parameters:
    ///   - seconds: that the runs take at least.
    ///   - minimum: number of runs.
    private static func best(
        of work: Double, seconds: Double, runs minimum: Int, _ run: () throws -> Void
    ) rethrows -> (rate: Double, runs: Int) {
        // Warm-up: the first run has cold caches and unmapped pages.
        try run()
        let clock = ContinuousClock()
        let began = clock.now
        var (rate, runs) = (0.0, 0)
        repeat {
            let took = try clock.measure { try run() } / .seconds(1)
            rate = max(rate, work / took)
            runs += 1
        } while runs < minimum || (clock.now - began) / .seconds(1) < seconds
        return (rate, runs)
    }
}

extension ProductShape {
    fileprivate static func roofline(rows: Int, _ engine: any MatrixEngine, _ format: NumberFormat) -> ProductShape {
        ProductShape(
            rows: rows, outputSize: 2048, inputSize: 2048, direction: .forward, source: format, destination: format,
            layout: engine.layout)
    }
}
