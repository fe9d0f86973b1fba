import COneDNN
import ProfileFormat
import SystemIO
import Workload

/// oneDNN's matmul primitive, which compiles its inner loops at run time for the processor.
package struct OneDNNEngine: MatrixEngine {
    package let identity: EngineIdentity
    package let threadCount: Int
    package var layout: WeightLayout { .packed }

    /// - Throws: ``KerfError/Code/engineUnavailable`` when the library was not built for OpenMP.
    package init(threadCount: Int) throws {
        guard kerf_onednn_uses_openmp() else {
            throw KerfError(
                .engineUnavailable, "this oneDNN is not built for OpenMP, so its threads cannot be set or shared",
                remedy: "install the distribution's libdnnl-dev, or use the engine kerf")
        }
        let version = kerf_onednn_version()
        identity = EngineIdentity(
            name: "onednn", version: "\(version.major).\(version.minor).\(version.patch)",
            instructionSet: String(cString: kerf_onednn_instruction_set()))
        self.threadCount = threadCount
    }

    package func check(_ format: NumberFormat) throws {
        guard format == .f32 || Self.multipliesBF16 else {
            throw KerfError(
                .engineUnavailable,
                "this processor has no bf16 instructions: oneDNN uses \(identity.instructionSet) here",
                remedy: .f32OrOwnProducts)
        }
    }

    /// Whether a product of bf16 uses instructions for it. Asked once, since a product is made for the answer.
    private static let multipliesBF16 = kerf_onednn_multiplies_bf16()

    package func product(_ shape: ProductShape) throws -> any MatrixProduct {
        try check(shape.source)
        return try OneDNNProduct(shape, threadCount: threadCount)
    }
}

private final class OneDNNProduct: MatrixProduct {
    let weightByteCount: Int
    let scratchByteCount: Int
    private let shape: ProductShape
    private let threadCount: Int32
    private let handle: OpaquePointer

    init(_ shape: ProductShape, threadCount: Int) throws {
        self.shape = shape
        self.threadCount = Int32(threadCount)
        var description = kerf_onednn_shape(
            m: shape.rows, n: shape.destinationWidth, k: shape.sourceWidth, source: shape.source.oneDNN,
            destination: shape.destination.oneDNN, transposed: shape.direction == .forward,
            packed: shape.layout == .packed)
        var handle: OpaquePointer?
        let status = kerf_onednn_product_create(&handle, &description, self.threadCount)
        guard status == 0, let handle else { throw Self.failure(shape, status) }
        self.handle = handle
        weightByteCount = kerf_onednn_weight_bytes(handle)
        scratchByteCount = kerf_onednn_scratch_bytes(handle)
    }

    deinit { kerf_onednn_product_destroy(handle) }

    func pack(_ weight: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) throws {
        let status = kerf_onednn_pack(handle, weight, packed)
        guard status == 0 else { throw Self.failure(shape, status) }
    }

    func run(
        _ x: UnsafeRawPointer, weight: UnsafeRawPointer, addedTo base: UnsafeRawPointer?,
        into y: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
    ) throws {
        let status = kerf_onednn_product_run(handle, threadCount, x, weight, base, y, scratch)
        guard status == 0 else { throw Self.failure(shape, status) }
    }

    private static func failure(_ shape: ProductShape, _ status: Int32) -> KerfError {
        KerfError(
            .engineUnavailable,
            "oneDNN failed to compute a \(shape.rows)x\(shape.destinationWidth)x\(shape.sourceWidth) product in "
                + "\(shape.source.rawValue): \(String(cString: kerf_onednn_status(status)))")
    }
}

extension NumberFormat {
    fileprivate var oneDNN: kerf_onednn_format { self == .bf16 ? KERF_ONEDNN_BF16 : KERF_ONEDNN_F32 }
}
