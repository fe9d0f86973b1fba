internal import COneDNN

/// oneDNN's `dnnl_sgemm`, which compiles its inner loops for the processor at hand.
public struct OneDNNEngine: MatrixEngine {
    public let identity: EngineIdentity
    public let threadCount: Int

    /// - Throws: ``KernelError`` with code `engine` when the library was built for threads other than OpenMP's.
    public init(threadCount: Int) throws {
        guard kerf_onednn_uses_openmp() else {
            throw KernelError(
                .engine, "this oneDNN is not built for OpenMP, so its threads cannot be set or shared",
                remedy: "install the distribution's libdnnl-dev, or use the engine openblas")
        }
        let version = kerf_onednn_version()
        identity = EngineIdentity(
            name: "onednn", version: "\(version.major).\(version.minor).\(version.patch)",
            instructionSet: String(cString: kerf_onednn_instruction_set()))
        self.threadCount = threadCount
    }

    public func gemm(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float, a: UnsafePointer<Float>, lda: Int,
        b: UnsafePointer<Float>, ldb: Int, beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int
    ) throws {
        let status = kerf_onednn_gemm(
            Int32(threadCount), transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
        guard status == 0 else {
            throw KernelError(
                .engine, "oneDNN refused a \(m)x\(n)x\(k) product: \(String(cString: kerf_onednn_status(status)))")
        }
    }
}
