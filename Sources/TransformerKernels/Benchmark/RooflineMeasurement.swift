import CKernels
import Workload

/// The two limits of the roofline model: the engine's multiplication rate and the memory bandwidth.
///
/// Each is the maximum of as many runs as fit into a tenth of a second, at least two, since disturbances only slow a run
/// down. On a slow box the product has fewer rows, so that it stays within its share of the run.
///
/// Source: Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009.
package struct RooflineMeasurement: Sendable {
    /// Rate of a product of ``productRows`` rows with a weight of 2048 x 2048.
    package var flopsPerSecond: Double
    /// 512 where the box is fast enough.
    package var productRows: Int
    package var productRuns: Int
    /// Bytes read and written per second while 128 MiB are copied.
    package var bytesPerSecond: Double
    package var copyRuns: Int

    private static let secondsPerLimit = 0.1

    /// Rows of the product, of which the largest that is affordable counts.
    private static let rowChoices = [4, 32, 128, 512]

    /// - Parameter secondsAtMost: for one run of the product.
    /// - Throws: ``KerfError`` when the engine fails or there is not enough memory.
    package static func measure(
        engine: any MatrixEngine, format: NumberFormat, secondsAtMost: Double = .infinity
    ) throws -> RooflineMeasurement {
        let memory = BufferAllocator(limitBytes: availableMemoryBytes())
        var (rows, rate) = (rowChoices[0], 0.0)
        for next in rowChoices {
            let flops = ProductShape.roofline(rows: next, engine, format).flops
            guard rate == 0 || flops / rate <= secondsAtMost else { break }
            rows = next
            // The largest is measured below.
            if next == rowChoices.last { break }
            rate = try product(engine, format, memory, rows: rows, seconds: 0, runs: 1).rate
        }
        let (flops, productRuns) = try product(engine, format, memory, rows: rows, seconds: secondsPerLimit, runs: 2)
        let (bytes, copyRuns) = try copy(threads: Int32(engine.threadCount), memory)
        return RooflineMeasurement(
            flopsPerSecond: flops, productRows: rows, productRuns: productRuns, bytesPerSecond: bytes,
            copyRuns: copyRuns)
    }

    private static func product(
        _ engine: any MatrixEngine, _ format: NumberFormat, _ memory: BufferAllocator, rows: Int, seconds: Double,
        runs: Int
    ) throws -> (rate: Double, runs: Int) {
        let shape = ProductShape.roofline(rows: rows, engine, format)
        let width = shape.inputSize
        let product = try engine.product(shape)
        let numbers = try memory.buffer(width, width, for: "operands")
        for index in numbers.elements.indices { numbers.elements[index] = Float(index % 251 - 125) / 128 }
        let weight = try memory.buffer(product.weightByteCount / 4 + 1, for: "weights")
        let (x, y) = (
            try memory.buffer(rows, width, format: format, for: "operands"),
            try memory.buffer(rows, width, format: format, for: "operands")
        )
        let scratch = try memory.buffer(product.scratchByteCount / 4 + 1, for: "scratch memory", zeroed: false)
        kerf_copy(1, x.count, numbers.start, format.kernel, x.raw)
        try product.pack(numbers.start, into: weight.raw)
        return try best(of: shape.flops, seconds: seconds, runs: runs) {
            try product.run(x.raw, weight: weight.raw, addedTo: nil, into: y.raw, scratch: scratch.raw)
        }
    }

    private static func copy(threads: Int32, _ memory: BufferAllocator) throws -> (rate: Double, runs: Int) {
        let count = 32 << 20
        let (from, to) = (
            try memory.buffer(count, for: "memory to copy"), try memory.buffer(count, for: "memory to copy")
        )
        memory.zero()
        return best(of: Double(from.byteCount + to.byteCount), seconds: secondsPerLimit, runs: 2) {
            kerf_copy(threads, count, from.start, KERF_F32, to.raw)
        }
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
            layout: engine.packsWeights ? .packed : .plain)
    }
}
