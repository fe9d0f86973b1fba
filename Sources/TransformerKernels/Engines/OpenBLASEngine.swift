import CKernels
import COpenBLAS
import ProfileFormat
import SystemIO
import Workload

/// OpenBLAS's `cblas_sgemm`, in f32.
///
/// Debian's OpenBLAS has its own pool of POSIX threads, which would compete with libgomp's. So OpenBLAS is limited to one
/// thread, and a product is divided into strips of y, one for each of libgomp's threads. OpenBLAS packs the weight in
/// every product, so it has no preferred layout.
package struct OpenBLASEngine: MatrixEngine {
    package let identity: EngineIdentity
    package let threadCount: Int
    package var layout: WeightLayout { .plain }

    package init(threadCount: Int) {
        openblas_set_num_threads(1)
        // "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64"
        let words = String(cString: openblas_get_config()).split(separator: " ")
        identity = EngineIdentity(
            name: "openblas", version: words.count > 1 ? String(words[1]) : "unknown",
            instructionSet: String(cString: openblas_get_corename()))
        self.threadCount = threadCount
    }

    package func check(_ format: NumberFormat) throws {
        guard format == .f32 else {
            throw KerfError(
                .engineUnavailable, "the engine openblas computes in f32 only",
                remedy: .f32OrOwnProducts)
        }
    }

    package func product(_ shape: ProductShape) throws -> any MatrixProduct {
        try check(shape.source)
        try check(shape.destination)
        guard max(shape.rows, shape.outputSize, shape.inputSize) <= Int(Int32.max) else {
            throw KerfError(
                .engineUnavailable,
                "a \(shape.rows)x\(shape.outputSize)x\(shape.inputSize) product exceeds OpenBLAS's 32-bit sizes")
        }
        return OpenBLASProduct(shape: shape, team: ThreadTeam(count: threadCount))
    }
}

private final class OpenBLASProduct: MatrixProduct {
    private let shape: ProductShape
    private let team: ThreadTeam

    init(shape: ProductShape, team: ThreadTeam) {
        self.shape = shape
        self.team = team
    }

    var weightByteCount: Int { shape.outputSize * shape.inputSize * MemoryLayout<Float>.stride }
    var scratchByteCount: Int { 0 }

    func pack(_ weight: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) {
        packed.copyMemory(from: weight, byteCount: weightByteCount)
    }

    func run(
        _ x: UnsafeRawPointer, weight: UnsafeRawPointer, addedTo base: UnsafeRawPointer?,
        into y: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
    ) throws {
        let (m, n, k) = (shape.rows, shape.destinationWidth, shape.sourceWidth)
        let transposed = shape.direction == .forward
        let a = x.assumingMemoryBound(to: Float.self)
        let b = weight.assumingMemoryBound(to: Float.self)
        let c = y.assumingMemoryBound(to: Float.self)
        // OpenBLAS adds to y alone.
        if let base, base != UnsafeRawPointer(y) {
            kerf_copy(Int32(team.count), m * n, base.assumingMemoryBound(to: Float.self), KERF_F32, y)
        }
        /// Rows and columns of y that one thread computes.
        func strip(_ rows: Range<Int>, _ columns: Range<Int>) {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, Int32(rows.count),
                Int32(columns.count), Int32(k), 1, a + rows.lowerBound * k, Int32(k),
                b + columns.lowerBound * (transposed ? k : 1), Int32(transposed ? k : n), base == nil ? 0 : 1,
                c + rows.lowerBound * n + columns.lowerBound, Int32(n))
        }
        guard team.count > 1 else { return strip(0..<m, 0..<n) }
        // The longer side is divided, at multiples of a register tile.
        let tile = 16
        let tiles = (max(m, n) + tile - 1) / tile
        try team.run(units: team.count) { unit, _ in
            let begin = min(max(m, n), tiles * unit / team.count * tile)
            let end = min(max(m, n), tiles * (unit + 1) / team.count * tile)
            guard begin < end else { return }
            if n >= m { strip(0..<m, begin..<end) } else { strip(begin..<end, 0..<n) }
        }
    }
}
