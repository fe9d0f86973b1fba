import Quantities

extension Quantity {
    /// An estimate with its confidence interval. Without a finite interval the quantity has none, and a reason.
    ///
    /// - Parameter reason: how the value was computed; replaces the reason for a missing interval.
    package init(_ estimate: Estimate, confidence: Double = 0.95, origin: Origin, reason: String? = nil) {
        let bounded = estimate.halfWidth.isFinite
        self.init(
            value: estimate.value, lower: bounded ? estimate.lower : nil, upper: bounded ? estimate.upper : nil,
            confidence: bounded ? confidence : nil, count: estimate.count,
            degreesOfFreedom: bounded ? estimate.spread?.degreesOfFreedom : nil, origin: origin,
            reason: reason ?? (bounded ? nil : "too few observations for an interval"))
    }
}
