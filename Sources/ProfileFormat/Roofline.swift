import Quantities
import Workload

/// What the box can do at most, as measured in the same run as the layers: the two roofs of a roofline (Williams,
/// Waterman, Patterson: "Roofline", CACM 2009).
public struct Roofline: Codable, Sendable, Hashable {
    /// Of a large matrix product by the same engine, in the workload's number format.
    public var flopsPerSecond: Quantity
    /// Of copying memory that no cache holds, reads and writes together.
    public var bytesPerSecond: Quantity

    public init(flopsPerSecond: Quantity, bytesPerSecond: Quantity) {
        self.flopsPerSecond = flopsPerSecond
        self.bytesPerSecond = bytesPerSecond
    }
}

/// What a kernel has to compute and to move in one pass of a layer, counted from the shapes.
public struct KernelCost: Codable, Sendable, Hashable {
    public var kernel: String
    /// `forward` or `backward`.
    public var direction: Direction
    /// Floating-point operations; a multiply and an add are two.
    public var flops: Double
    /// Between memory and processor, each operand once.
    public var bytes: Double

    public init(kernel: String, direction: Direction, flops: Double, bytes: Double) {
        self.kernel = kernel
        self.direction = direction
        self.flops = flops
        self.bytes = bytes
    }
}
