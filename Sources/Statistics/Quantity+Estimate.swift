import Quantities

extension Quantity {
    /// Standard error and degrees of freedom of the quantity's interval; `nil` where it has none or is exact.
    ///
    /// An interval without degrees of freedom is taken as that of a plain mean, which gives the larger standard error.
    /// More than a million degrees of freedom count as a million.
    package var spread: Estimate.Spread? {
        guard let value, let lower, let upper, let confidence else { return nil }
        let width = max(upper - value, value - lower)
        let degrees = min(1e6, degreesOfFreedom ?? Double(count - 1))
        guard width > 0, degrees > 0 else { return nil }
        return Estimate.Spread(
            standardError: width / StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: degrees),
            degreesOfFreedom: degrees, confidence: confidence)
    }

    /// An estimate with its confidence interval. An estimate without a finite interval has none here, and says why.
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
