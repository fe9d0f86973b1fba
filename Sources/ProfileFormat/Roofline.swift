import Quantities

/// Peak performance of the box, measured in the same run as the layers: the two limits of the roofline model (Williams,
/// Waterman, Patterson: "Roofline", CACM 2009).
public struct Roofline: Codable, Sendable, Hashable {
    /// Rate of a large matrix product with the same engine, in the workload's number format.
    public var flopsPerSecond: Quantity
    /// Rate of copying memory that does not fit a cache, reads and writes together.
    public var bytesPerSecond: Quantity

    public init(flopsPerSecond: Quantity, bytesPerSecond: Quantity) {
        self.flopsPerSecond = flopsPerSecond
        self.bytesPerSecond = bytesPerSecond
    }
}
