/// A linear algebra library that multiplies f32 matrices.
///
/// All matrices are row-major. An engine shares its work among libgomp's threads, which Kerf's own kernels use too, so
/// that one pool of threads has the cores to itself.
public protocol MatrixEngine: Sendable {
    var identity: EngineIdentity { get }
    /// Threads that share one product.
    var threadCount: Int { get }

    /// C = alpha op(A) op(B) + beta C, where op transposes if asked to. With `beta` 0, C is written, never read.
    ///
    /// May be called from several threads at once; from inside a ``ThreadTeam``'s body it runs on the calling thread
    /// alone. The same arguments give the same bits for the same thread count.
    ///
    /// - Parameters:
    ///   - m: rows of op(A) and C.
    ///   - n: columns of op(B) and C.
    ///   - k: columns of op(A), rows of op(B).
    ///   - lda: elements from one row of A, as it is stored, to the next; `ldb` and `ldc` likewise.
    /// - Throws: ``KernelError`` with code `engine` when the library refuses.
    func gemm(
        transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Float, a: UnsafePointer<Float>, lda: Int,
        b: UnsafePointer<Float>, ldb: Int, beta: Float, c: UnsafeMutablePointer<Float>, ldc: Int) throws
}

/// What computed: part of the provenance of every measured time.
public struct EngineIdentity: Sendable, Hashable, Codable {
    /// `onednn` or `openblas`.
    public var name: String
    public var version: String
    /// The instruction set that the library chose for this processor, in the library's words.
    public var instructionSet: String

    public init(name: String, version: String, instructionSet: String) {
        self.name = name
        self.version = version
        self.instructionSet = instructionSet
    }
}
