import RealModule

/// y = constant + factor x^exponent, fitted by weighted least squares.
///
/// For a given exponent the model is linear, so the search is over the exponent alone. Intervals come from the
/// Jacobian at the best point (Seber and Wild, "Nonlinear Regression", section 5.1).
package struct PowerLawFit: Sendable {
    package let constant: Estimate
    package let factor: Estimate
    package let exponent: Estimate

    /// Range of the exponent.
    package static let exponents = 0.5...6.0
    private static let gridStep = 0.125

    /// - Parameters:
    ///   - x: positive, best near 1; at least four different values.
    ///   - weights: one over the variance, up to a common factor.
    /// - Returns: `nil` when the data do not determine the law: too few different points, or a best exponent at the end
    ///   of ``exponents``, as where y does not change with x.
    package init?(x: [Double], y: [Double], weights: [Double], confidence: Double = 0.95) {
        guard Set(x).count > 3, x.allSatisfy({ $0 > 0 }) else { return nil }
        func fit(_ exponent: Double) -> WeightedFit? {
            WeightedFit(rows: x.map { [1, .pow($0, exponent)] }, values: y, weights: weights)
        }
        let grid = stride(from: Self.exponents.lowerBound, through: Self.exponents.upperBound, by: Self.gridStep)
        let coarse = grid.compactMap { exponent in fit(exponent).map { (exponent, $0.squares) } }
        guard let start = coarse.min(by: { $0.1 < $1.1 })?.0 else { return nil }
        guard start > Self.exponents.lowerBound, start < Self.exponents.upperBound else { return nil }
        let best = Self.minimize(start - Self.gridStep, start + Self.gridStep) { fit($0)?.squares ?? .infinity }
        guard let linear = fit(best) else { return nil }
        let k = linear.coefficients[1]
        let jacobian = x.map { [1, .pow($0, best), k * .pow($0, best) * .log($0)] }
        guard k > 0, let inverse = WeightedFit.inverseOfNormal(jacobian, weights), x.count > 3 else { return nil }
        let degrees = x.count - 3
        func estimate(_ value: Double, _ index: Int) -> Estimate {
            let variance = inverse[index][index] * linear.squares / Double(degrees)
            let spread = Estimate.Spread(
                standardError: max(0, variance).squareRoot(), degreesOfFreedom: Double(degrees), confidence: confidence)
            return Estimate(value: value, spread: spread, count: x.count)
        }
        constant = estimate(linear.coefficients[0], 0)
        factor = estimate(k, 1)
        exponent = estimate(best, 2)
    }

    package func callAsFunction(_ x: Double) -> Double {
        constant.value + factor.value * .pow(x, exponent.value)
    }

    /// Golden section search (Kiefer, 1953) for the minimum of a function with one minimum between two points.
    private static func minimize(_ low: Double, _ high: Double, _ function: (Double) -> Double) -> Double {
        let ratio = (5.0.squareRoot() - 1) / 2
        var (low, high) = (low, high)
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (atLeft, atRight) = (function(left), function(right))
        while high - low > 1e-7 {
            if atLeft < atRight {
                (high, right, atRight) = (right, left, atLeft)
                left = high - ratio * (high - low)
                atLeft = function(left)
            } else {
                (low, left, atLeft) = (left, right, atRight)
                right = low + ratio * (high - low)
                atRight = function(right)
            }
        }
        return (low + high) / 2
    }
}
