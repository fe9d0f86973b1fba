import RealModule

/// The ratio of two independent positive estimates, with an interval on the logarithmic scale.
///
/// To first order the variance of the logarithm is the sum of the squared relative standard errors (delta method). On that
/// scale the interval excludes values below zero, and exchanging the two gives exactly the reciprocal interval, which
/// Fieller's interval does too but at the price of one that may be unbounded. Relative errors of some percent, as
/// calibrations have them, put the two within rounding of each other.
package struct LogRatio: Sendable, Hashable {
    package let ratio: Double
    /// Standard error of the natural logarithm.
    package let standardError: Double
    /// Of Welch and Satterthwaite.
    package let degreesOfFreedom: Double

    /// An independent contribution to the error of one of the two, relative to its value.
    package struct RelativeError: Sendable, Hashable {
        package var standardError: Double
        package var degreesOfFreedom: Double

        package init(standardError: Double, degreesOfFreedom: Double) {
            self.standardError = standardError
            self.degreesOfFreedom = degreesOfFreedom
        }
    }

    /// - Parameter errors: of both values; none for a ratio that is exact.
    /// - Returns: `nil` unless both values are above zero and finite.
    package init?(of value: Double, to reference: Double, errors: [RelativeError]) {
        guard value > 0, reference > 0, value.isFinite, reference.isFinite else { return nil }
        let variances = errors.map { $0.standardError * $0.standardError }
        let variance = variances.reduce(0, +)
        let squares = zip(variances, errors).reduce(0) { $0 + $1.0 * $1.0 / $1.1.degreesOfFreedom }
        guard variance.isFinite else { return nil }
        ratio = value / reference
        standardError = variance.squareRoot()
        degreesOfFreedom = squares > 0 ? min(max(variance * variance / squares, 0.5), 1e6) : 1e6
    }

    /// The interval that fails to hold the true ratio with probability `errorRate`, both sides together.
    ///
    /// - Parameter errorRate: above 0 and below 1. For several ratios together, a share of the error of all: see
    ///   ``Bonferroni``.
    /// - Returns: `nil` where it spans more than a factor of ten to a side, which is as good as no interval.
    package func interval(errorRate: Double) -> (lower: Double, upper: Double)? {
        let width = halfWidth(errorRate)
        guard width < Self.maximumHalfWidth else { return nil }
        let factor = Double.exp(width)
        return (ratio / factor, ratio * factor)
    }

    /// The smallest relative increase that intervals of this width show in a share `power` of all comparisons: 0.05 for
    /// 5 %. The same decrease shows a little sooner.
    ///
    /// - Returns: `nil` where there is no interval.
    package func detectableIncrease(errorRate: Double, power: Double = 0.95) -> Double? {
        guard standardError > 0 else { return 0 }
        let needed =
            halfWidth(errorRate) + StudentT.quantile(power, degreesOfFreedom: degreesOfFreedom) * standardError
        return needed < Self.maximumHalfWidth ? Double.exp(needed) - 1 : nil
    }

    /// Limit of the logarithm's half width.
    private static let maximumHalfWidth = Double.log(10)

    private func halfWidth(_ errorRate: Double) -> Double {
        guard standardError > 0 else { return 0 }
        return StudentT.quantile(1 - errorRate / 2, degreesOfFreedom: degreesOfFreedom) * standardError
    }
}

/// Shares of an error rate for intervals that are to hold together, whatever they have in common.
///
/// The probability that any of several intervals fails is at most the sum of the probabilities that each does (Bonferroni;
/// Miller, "Simultaneous Statistical Inference", 1981, section 1.4). So families of intervals share the error of all in
/// equal parts, and the members of a family share theirs. A family of three then has narrow intervals next to one of three
/// hundred.
package struct Bonferroni: Sendable, Hashable {
    /// The error rate of all intervals together.
    package let errorRate: Double
    private let families: Int

    /// - Parameters:
    ///   - errorRate: the probability that any interval fails.
    ///   - families: how many there are that have members.
    package init(errorRate: Double, families: Int) {
        precondition(errorRate > 0 && errorRate < 1 && families > 0, "an error rate and a family")
        self.errorRate = errorRate
        self.families = families
    }

    /// The error rate of one family.
    package var familyErrorRate: Double { errorRate / Double(families) }

    /// The error rate of one of the `count` intervals of a family.
    package func memberErrorRate(count: Int) -> Double { familyErrorRate / Double(max(1, count)) }
}
