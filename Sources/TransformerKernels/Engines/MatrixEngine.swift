import ProfileFormat
import Workload

/// A linear algebra library that multiplies by frozen weights.
///
/// An engine shares its work among libgomp's threads, which Kerf's own kernels use too, so that one pool of threads has
/// the cores to itself.
package protocol MatrixEngine: Sendable {
    var identity: EngineIdentity { get }
    /// Threads that share one product.
    var threadCount: Int { get }
    /// Whether a weight in the layout `packed` is multiplied faster than one in `plain`.
    var packsWeights: Bool { get }

    /// - Throws: ``KerfError`` with code `engine` when library or processor do not multiply in this format.
    func check(_ format: NumberFormat) throws

    /// Prepares a product; slow, and done once.
    ///
    /// - Throws: ``KerfError`` with code `engine` when the library refuses.
    func product(_ shape: ProductShape) throws -> any MatrixProduct
}

/// A product with a frozen weight W of shape `[outputSize, inputSize]`.
package struct ProductShape: Sendable, Hashable {
    /// Of x and y.
    package var rows: Int
    package var outputSize: Int
    package var inputSize: Int
    /// Forward y = x Wᵀ; backward y = x W, the gradient of the forward product's x.
    package var direction: Direction
    /// Format of x and W.
    package var source: NumberFormat
    /// Format of y. Sums are f32.
    package var destination: NumberFormat
    package var layout: WeightLayout

    package init(
        rows: Int, outputSize: Int, inputSize: Int, direction: Direction, source: NumberFormat,
        destination: NumberFormat, layout: WeightLayout
    ) {
        self.rows = rows
        self.outputSize = outputSize
        self.inputSize = inputSize
        self.direction = direction
        self.source = source
        self.destination = destination
        self.layout = layout
    }

    /// Columns of x, over which is summed, and of y.
    package var sourceWidth: Int { direction == .forward ? inputSize : outputSize }
    package var destinationWidth: Int { direction == .forward ? outputSize : inputSize }

    /// Of one run: a multiplication and an addition each count one.
    package var flops: Double { 2 * Double(rows) * Double(outputSize) * Double(inputSize) }
}

/// A prepared product: y = base + x op(W), all row-major and contiguous. Used from one thread at a time.
///
/// The same arguments give the same bits for the same thread count.
package protocol MatrixProduct: AnyObject {
    /// Bytes of the weight in its layout.
    var weightByteCount: Int { get }
    /// Bytes that a run uses and leaves free again.
    var scratchByteCount: Int { get }

    /// Brings a weight, `[outputSize, inputSize]` in f32, into the product's layout and format.
    func pack(_ weight: UnsafePointer<Float>, into packed: UnsafeMutableRawPointer) throws

    /// Allocates nothing.
    ///
    /// - Parameter base: of y's shape and format, and may be y itself; nil for zero.
    func run(
        _ x: UnsafeRawPointer, weight: UnsafeRawPointer, addedTo base: UnsafeRawPointer?,
        into y: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) throws
}
