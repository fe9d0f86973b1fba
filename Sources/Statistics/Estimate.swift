/// An estimated value with its two-sided confidence interval.
package struct Estimate: Sendable, Hashable {
    package var value: Double
    /// Half the width of the interval; infinite when the sample is too small. Setting it removes ``spread``, since the
    /// interval is no longer Student's.
    package var halfWidth: Double { didSet { spread = nil } }
    /// The number of observations.
    package var count: Int
    /// The parts of Student's interval; `nil` for another kind of interval. With it estimates are combined without widening
    /// small samples twice.
    package private(set) var spread: Spread?

    /// The parts of a Student's t interval.
    package struct Spread: Sendable, Hashable {
        package var standardError: Double
        package var degreesOfFreedom: Double
        package var confidence: Double

        package init(standardError: Double, degreesOfFreedom: Double, confidence: Double) {
            self.standardError = standardError
            self.degreesOfFreedom = degreesOfFreedom
            self.confidence = confidence
        }
    }

    package init(value: Double, halfWidth: Double, count: Int) {
        self.value = value
        self.halfWidth = halfWidth
        self.count = count
    }

    /// An estimate with Student's interval.
    package init(value: Double, spread: Spread, count: Int) {
        let t = StudentT.quantile(0.5 + spread.confidence / 2, degreesOfFreedom: spread.degreesOfFreedom)
        self.init(value: value, halfWidth: t * spread.standardError, count: count)
        self.spread = spread
    }

    package var lower: Double { value - halfWidth }
    package var upper: Double { value + halfWidth }
    /// Half width over value; infinite for a value of zero.
    package var relativeHalfWidth: Double { value == 0 ? .infinity : halfWidth / abs(value) }

    /// The mean of independent observations, with Student's t interval.
    ///
    /// With one observation the interval is infinite; with none there is no estimate.
    package static func mean(of sample: some Collection<Double>, confidence: Double = 0.95) -> Estimate? {
        guard !sample.isEmpty else { return nil }
        let count = sample.count
        let mean = sample.reduce(0, +) / Double(count)
        guard count > 1 else { return Estimate(value: mean, halfWidth: .infinity, count: 1) }
        let squares = sample.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let standardError = (squares / Double(count - 1) / Double(count)).squareRoot()
        let spread = Spread(
            standardError: standardError, degreesOfFreedom: Double(count - 1), confidence: confidence)
        return Estimate(value: mean, spread: spread, count: count)
    }

    /// The median of independent observations, with the distribution-free interval between two order statistics
    /// (binomial; David and Nagaraja, "Order Statistics", section 7.1).
    ///
    /// The interval is infinite when the sample is too small for the confidence (fewer than 6 for 95 %).
    package static func median(of sample: some Collection<Double>, confidence: Double = 0.95) -> Estimate? {
        guard !sample.isEmpty else { return nil }
        let sorted = sample.sorted()
        let count = sorted.count
        let middle = count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2
        guard let rank = medianIntervalRank(count: count, confidence: confidence) else {
            return Estimate(value: middle, halfWidth: .infinity, count: count)
        }
        // The interval need not be symmetric; the wider side is used, which is conservative.
        let halfWidth = max(middle - sorted[rank], sorted[count - 1 - rank] - middle)
        return Estimate(value: middle, halfWidth: halfWidth, count: count)
    }
}

/// The largest rank `r` (from 0) such that the order statistics `r` and `count - 1 - r` enclose the median with at
/// least the given confidence.
private func medianIntervalRank(count: Int, confidence: Double) -> Int? {
    var tail = 0.0
    var rank: Int?
    // P(X = k) for X ~ Binomial(count, 1/2), from k = 0 upwards; in doubles 2^-count is exact up to 1074.
    guard count <= 1000 else {
        // Normal approximation, far within its range here.
        let z = StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: 1e6)
        return max(0, Int((Double(count) / 2 - z * (Double(count) / 4).squareRoot()).rounded(.down)) - 1)
    }
    var probability = 1.0
    for _ in 0..<count { probability /= 2 }
    for k in 0..<(count / 2) {
        tail += probability
        if 1 - 2 * tail < confidence { break }
        rank = k
        probability *= Double(count - k) / Double(k + 1)
    }
    return rank
}
