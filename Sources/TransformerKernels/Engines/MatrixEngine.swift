import CKernels
import ModelFiles
import ProfileFormat
import SystemIO
import Workload

/// A linear algebra library, or Kerf's own products, that multiplies by frozen weights.
///
/// An engine divides its work among libgomp's threads, which Kerf's own kernels use too, so that only one thread pool
/// competes for the cores.
package protocol MatrixEngine: Sendable {
    var identity: EngineIdentity { get }
    /// Threads that share one product.
    var threadCount: Int { get }
    /// The layout of weights with which products are fastest.
    var layout: WeightLayout { get }

    /// - Throws: ``KerfError/Code/engineUnavailable`` when the library or the processor does not support the format.
    func check(_ format: NumberFormat) throws

    /// Prepares a product, which is slow and done once.
    ///
    /// - Throws: ``KerfError/Code/engineUnavailable`` when the library reports an error.
    func product(_ shape: ProductShape) throws -> any MatrixProduct
}

/// Makes an engine for a number format.
package typealias EngineMaker = @Sendable (NumberFormat) throws -> any MatrixEngine

/// The shape of a product with a frozen weight W, `[outputSize, inputSize]`.
package struct ProductShape: Sendable, Hashable {
    /// Rows of x and y.
    package var rows: Int
    package var outputSize: Int
    package var inputSize: Int
    /// Forward y = x Wᵀ; backward y = x W, the gradient of the forward product's x.
    package var direction: Direction
    /// Format of x, and of W where it is not quantized.
    package var source: NumberFormat
    /// Format of y. Sums are f32.
    package var destination: NumberFormat
    package var layout: WeightLayout
    /// Format of W where it is quantized; in panels only.
    package var quantization: QuantizedFormat?

    package init(
        rows: Int, outputSize: Int, inputSize: Int, direction: Direction, source: NumberFormat,
        destination: NumberFormat, layout: WeightLayout, quantization: QuantizedFormat? = nil
    ) {
        precondition(quantization == nil || layout == .panels)
        self.rows = rows
        self.outputSize = outputSize
        self.inputSize = inputSize
        self.direction = direction
        self.source = source
        self.destination = destination
        self.layout = layout
        self.quantization = quantization
    }

    /// Columns of x, over which the product sums.
    package var sourceWidth: Int { direction == .forward ? inputSize : outputSize }
    /// Columns of y.
    package var destinationWidth: Int { direction == .forward ? outputSize : inputSize }

    /// Floating-point operations of one run: a multiplication and an addition each count one.
    package var flops: Double { 2 * Double(rows) * Double(outputSize) * Double(inputSize) }
}

/// A prepared product: y = base + x op(W), all row-major and contiguous. Used from one thread at a time.
///
/// Equal arguments give equal bits for the same thread count.
package protocol MatrixProduct: AnyObject {
    /// Bytes of the weight in its layout.
    var weightByteCount: Int { get }
    /// Bytes of scratch memory of a run.
    var scratchByteCount: Int { get }

    /// Converts a weight, `[outputSize, inputSize]` in f32, to the product's layout and format.
    func pack(_ weight: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) throws

    /// Allocates nothing.
    ///
    /// - Parameter base: has y's shape and format and may be y itself; nil for zero.
    func run(
        _ x: UnsafeRawPointer, weight: UnsafeRawPointer, addedTo base: UnsafeRawPointer?,
        into y: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) throws
}

/// A product whose weight is packed a few rows at a time, so that a whole one is never in memory in another layout.
package protocol PanelProduct: MatrixProduct {
    /// Packs rows of a weight that is not quantized, f32.
    ///
    /// - Parameter rows: the last of them come with the layout's padding.
    func pack(rows: Range<Int>, _ values: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer)

    /// Packs rows of a quantized weight, each in ``QuantizedFormat/rowBytes(columns:)``.
    func pack(rows: Range<Int>, blocks: UnsafeRawPointer, into packed: UnsafeMutableRawPointer)
}

/// The engines that this build has.
package enum MatrixEngines {
    package static let names = ["onednn", "openblas", "kerf"]

    /// The names in words: `onednn, openblas or kerf`.
    package static var nameList: String { names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1] }

    /// Number of processors that this process may run on.
    package static var processorCount: Int { Int(kerf_processor_count()) }

    /// Number of threads that can be busy all the time: one for each processor, fewer where a control group's quota of
    /// CPU time would stop them.
    package static var defaultThreadCount: Int { ResourceLimits(root: SystemRoot()).threadCount(of: processorCount) }

    /// The fastest one: in f32 oneDNN on x86-64, for which it is optimized, and OpenBLAS elsewhere; in bf16, and for quantized
    /// weights, Kerf's own products.
    ///
    /// - Parameter threadCount: `nil` for ``defaultThreadCount``.
    package static func `default`(
        for format: NumberFormat = .f32, quantized: Bool = false, threadCount: Int? = nil
    ) throws -> any MatrixEngine {
        if quantized || format == .bf16 { return try named("kerf", threadCount: threadCount) }
        #if arch(x86_64)
            return try named("onednn", threadCount: threadCount)
        #else
            return try named("openblas", threadCount: threadCount)
        #endif
    }

    /// - Throws: ``KerfError/Code/engineUnavailable`` for a name that is not in ``names``, an impossible thread count, or
    ///   a library that cannot be used.
    package static func named(_ name: String, threadCount: Int? = nil) throws -> any MatrixEngine {
        let threads = threadCount ?? defaultThreadCount
        guard threads >= 1 && threads <= 4096 else {
            throw KerfError(.engineUnavailable, "cannot use \(threads) threads", remedy: "use 1 to \(processorCount)")
        }
        switch name {
        case "onednn": return try OneDNNEngine(threadCount: threads)
        case "openblas": return OpenBLASEngine(threadCount: threads)
        case "kerf": return KerfEngine(threadCount: threads)
        default:
            throw KerfError(
                .engineUnavailable, "there is no engine \"\(name)\"",
                remedy: .text("use " + nameList))
        }
    }
}
