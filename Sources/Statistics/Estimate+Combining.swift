extension Estimate {
    /// The sum of two independent estimates; half widths add in quadrature.
    ///
    /// The count is the smaller one. The caller must know that they are independent: values of one step are not.
    package static func + (left: Estimate, right: Estimate) -> Estimate {
        left.combined(with: right, into: left.value + right.value, slopes: (1, 1))
    }

    /// The sum of two estimates whose errors may be the same; half widths add up.
    ///
    /// The standard error of a sum never exceeds the sum of the standard errors, so the result is conservative for any
    /// correlation. It is exact for full correlation, as of times of one step or energies less the same idle power.
    package func addingDependent(_ other: Estimate) -> Estimate {
        Estimate(
            value: value + other.value, halfWidth: halfWidth + other.halfWidth, count: min(count, other.count))
    }

    /// The product of two estimates whose errors may be the same, by the delta method; see
    /// ``addingDependent(_:)``.
    package func multipliedByDependent(_ other: Estimate) -> Estimate {
        Estimate(
            value: value * other.value,
            halfWidth: scaledWidth(halfWidth, by: other.value) + scaledWidth(other.halfWidth, by: value),
            count: min(count, other.count))
    }

    /// The estimate with an interval widened to that of the means of several runs: Student's t with a run as one
    /// observation.
    ///
    /// Observations of one run share what differs from run to run (temperature, placement in memory), so they are fewer
    /// independent ones. One run gives no information on that and changes nothing; two give little, and the interval is
    /// wide.
    package func widened(byRuns means: [Double], confidence: Double = 0.95) -> Estimate {
        guard means.count > 1, let between = Estimate.mean(of: means, confidence: confidence) else { return self }
        let width = between.halfWidth + abs(between.value - value)
        return width > halfWidth ? Estimate(value: value, halfWidth: width, count: count) : self
    }

    /// The difference of two independent estimates.
    package static func - (left: Estimate, right: Estimate) -> Estimate { left + right.scaled(by: -1) }

    /// The product of two independent estimates, by the delta method.
    package static func * (left: Estimate, right: Estimate) -> Estimate {
        left.combined(with: right, into: left.value * right.value, slopes: (right.value, left.value))
    }

    /// The estimate times a number that is known.
    package func scaled(by factor: Double) -> Estimate {
        guard var spread else {
            return Estimate(value: value * factor, halfWidth: scaledWidth(halfWidth, by: factor), count: count)
        }
        spread.standardError *= abs(factor)
        return Estimate(value: value * factor, spread: spread, count: count)
    }

    /// The estimate divided by an independent one, less 1, by the delta method.
    package func relativeDifference(to whole: Estimate) -> Estimate {
        let ratio = value / whole.value
        return combined(with: whole, into: ratio - 1, slopes: (1 / whole.value, ratio / whole.value))
    }

    /// One relative change after another, independent one: (1 + a)(1 + b) - 1.
    package func compounded(with other: Estimate) -> Estimate {
        combined(
            with: other, into: (1 + value) * (1 + other.value) - 1, slopes: (1 + other.value, 1 + value))
    }

    /// An estimate of zero with this interval.
    package var uncertainty: Estimate {
        spread.map { Estimate(value: 0, spread: $0, count: count) }
            ?? Estimate(value: 0, halfWidth: halfWidth, count: count)
    }

    /// A function of two independent estimates, by the delta method with the function's slopes.
    ///
    /// Two Student's t intervals of the same confidence combine by their variances, with the degrees of freedom of
    /// Welch and Satterthwaite (Welch, "The generalization of Student's problem when several different population
    /// variances are involved", Biometrika 34, 1947). For other intervals the half
    /// widths are added in quadrature, which widens small samples twice.
    private func combined(
        with other: Estimate, into result: Double, slopes: (own: Double, other: Double)
    ) -> Estimate {
        let count = min(count, other.count)
        if let left = spread, let right = other.spread, left.confidence == right.confidence {
            let parts = [(left, slopes.own), (right, slopes.other)].map { spread, slope in
                (variance: (slope * spread.standardError) * (slope * spread.standardError), spread: spread)
            }
            let variance = parts[0].variance + parts[1].variance
            let squares = parts.reduce(0) { $0 + $1.variance * $1.variance / $1.spread.degreesOfFreedom }
            if squares > 0, squares.isFinite {
                let spread = Spread(
                    standardError: variance.squareRoot(), degreesOfFreedom: variance * variance / squares,
                    confidence: left.confidence)
                return Estimate(value: result, spread: spread, count: count)
            }
        }
        return Estimate(
            value: result,
            halfWidth: hypotenuse(
                scaledWidth(halfWidth, by: slopes.own), scaledWidth(other.halfWidth, by: slopes.other)), count: count)
    }

    /// The ratio of two totals, such as joules to seconds over several windows, with its interval.
    ///
    /// Long windows count more, which is right when each has the same error at its edges (ratio estimator: Cochran,
    /// "Sampling Techniques", section 2.11). The interval is infinite with one observation.
    package static func ratio(
        of numerators: [Double], to denominators: [Double], confidence: Double = 0.95
    ) -> Estimate? {
        precondition(numerators.count == denominators.count, "a ratio needs pairs")
        let count = Double(numerators.count)
        let denominator = denominators.reduce(0, +)
        guard denominator > 0 else { return nil }
        let ratio = numerators.reduce(0, +) / denominator
        guard count > 1 else { return Estimate(value: ratio, halfWidth: .infinity, count: 1) }
        let squares = zip(numerators, denominators).reduce(0.0) { sum, pair in
            let residual = pair.0 - ratio * pair.1
            return sum + residual * residual
        }
        let standardError = (squares * count / (count - 1)).squareRoot() / denominator
        let spread = Spread(standardError: standardError, degreesOfFreedom: count - 1, confidence: confidence)
        return Estimate(value: ratio, spread: spread, count: numerators.count)
    }
}

/// An infinite width stays infinite, also when it is multiplied by zero.
private func scaledWidth(_ width: Double, by factor: Double) -> Double {
    width.isInfinite ? .infinity : width * abs(factor)
}

private func hypotenuse(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }
