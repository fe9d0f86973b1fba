internal import CKernels
internal import COpenBLAS

/// OpenBLAS's `cblas_sgemm`.
///
/// Debian's OpenBLAS has a pool of POSIX threads of its own, which would spin against libgomp's. So OpenBLAS is told to
/// use one thread, and a product is cut into strips of C, one for each of libgomp's threads.
public struct OpenBLASEngine: MatrixEngine {
    public let identity: EngineIdentity
    public let threadCount: Int
    private let team: ThreadTeam

    public init(threadCount: Int) {
        openblas_set_num_threads(1)
        // "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64"
        let words = String(cString: openblas_get_config()).split(separator: " ")
        identity = EngineIdentity(
            name: "openblas", version: words.count > 1 ? String(words[1]) : "unknown",
            instructionSet: String(cString: openblas_get_corename()))
        self.threadCount = threadCount
        team = ThreadTeam(count: threadCount)
    }

    public func gemm(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float, a: UnsafePointer<Float>, lda: Int,
        b: UnsafePointer<Float>, ldb: Int, beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
    ) throws {
        guard let longest = [m, n, k, lda, ldb, ldc].max(), longest <= Int(Int32.max) else {
            throw KernelError(.engine, "a \(m)x\(n)x\(k) product is beyond OpenBLAS's 32-bit sizes")
        }
        // OpenBLAS itself would print a line and leave C as it was.
        guard min(m, n, k) >= 0, lda >= max(1, transposeA ? m : k), ldb >= max(1, transposeB ? k : n), ldc >= max(1, n)
        else {
            throw KernelError(.engine, "a \(m)x\(n)x\(k) product with rows of \(lda), \(ldb) and \(ldc) elements")
        }
        /// Rows and columns of C that one thread computes.
        func strip(_ rows: Range<Int>, _ columns: Range<Int>) {
            cblas_sgemm(
                CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
                Int32(rows.count), Int32(columns.count), Int32(k), alpha,
                a + rows.lowerBound * (transposeA ? 1 : lda), Int32(lda),
                b + columns.lowerBound * (transposeB ? ldb : 1), Int32(ldb), beta,
                c + rows.lowerBound * ldc + columns.lowerBound, Int32(ldc))
        }
        guard threadCount > 1 && !kerf_in_parallel() else { return strip(0..<m, 0..<n) }
        // The longer side is cut, at multiples of a register tile.
        let tile = 16
        let tiles = (max(m, n) + tile - 1) / tile
        try team.run(units: threadCount) { unit, _ in
            let begin = min(max(m, n), tiles * unit / threadCount * tile)
            let end = min(max(m, n), tiles * (unit + 1) / threadCount * tile)
            guard begin < end else { return }
            if n >= m { strip(0..<m, begin..<end) } else { strip(begin..<end, 0..<n) }
        }
    }
}
