import CKernels
import Workload

/// The two limits of the roofline model: the engine's multiplication rate and the memory bandwidth.
///
/// Each is the maximum of as many runs as fit into a tenth of a second, at least two, since disturbances only slow a run
/// down. Source: Williams, Waterman and Patterson, "Roofline", CACM 52(4), 2009.
package struct RooflineMeasurement: Sendable {
    /// Rate of a product of 512 rows with a weight of 2048 x 2048.
    package var flopsPerSecond: Double
    package var productRuns: Int
    /// Bytes read and written per second while 128 MiB are copied.
    package var bytesPerSecond: Double
    package var copyRuns: Int

    private static let secondsPerLimit = 0.1

    /// - Throws: ``KerfError`` when the engine fails or there is not enough memory.
    package static func measure(engine: any MatrixEngine, format: NumberFormat) throws -> RooflineMeasurement {
        let memory = BufferAllocator(limitBytes: availableMemoryBytes())
        let (flops, productRuns) = try product(engine, format, memory)
        let (bytes, copyRuns) = try copy(threads: Int32(engine.threadCount), memory)
        return RooflineMeasurement(
            flopsPerSecond: flops, productRuns: productRuns, bytesPerSecond: bytes, copyRuns: copyRuns)
    }

    private static func product(
        _ engine: any MatrixEngine, _ format: NumberFormat, _ memory: BufferAllocator
    ) throws -> (rate: Double, runs: Int) {
        let (rows, width) = (512, 2048)
        let shape = ProductShape(
            rows: rows, outputSize: width, inputSize: width, direction: .forward, source: format,
            destination: format, layout: engine.packsWeights ? .packed : .plain)
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
        return try best(of: shape.flops) {
            try product.run(x.raw, weight: weight.raw, addedTo: nil, into: y.raw, scratch: scratch.raw)
        }
    }

    private static func copy(threads: Int32, _ memory: BufferAllocator) throws -> (rate: Double, runs: Int) {
        let count = 32 << 20
        let (from, to) = (
            try memory.buffer(count, for: "memory to copy"), try memory.buffer(count, for: "memory to copy")
        )
        memory.zero()
        return best(of: Double(from.byteCount + to.byteCount)) {
            kerf_copy(threads, count, from.start, KERF_F32, to.raw)
        }
    }

    private static func best(of work: Double, _ run: () throws -> Void) rethrows -> (rate: Double, runs: Int) {
        // Warm-up: the first run has cold caches and unmapped pages.
        try run()
        let clock = ContinuousClock()
        let began = clock.now
        var (rate, runs) = (0.0, 0)
        repeat {
            let took = try clock.measure { try run() } / .seconds(1)
            rate = max(rate, work / took)
            runs += 1
        } while runs < 2 || (clock.now - began) / .seconds(1) < secondsPerLimit
        return (rate, runs)
    }
}
