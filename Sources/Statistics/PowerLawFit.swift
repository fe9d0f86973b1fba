import RealModule

/// y = constant + factor x^exponent, fitted by weighted least squares.
///
/// For a given exponent the model is linear, so that only the exponent is searched. Intervals come from the Jacobian at
/// the best point (Seber and Wild, "Nonlinear Regression", section 5.1).
package struct PowerLawFit: Sendable {
    package let constant: Estimate
    package let factor: Estimate
    package let exponent: Estimate

    /// Range of the search for the exponent.
    package static let exponents = 0.5...6.0
    private static let gridStep = 0.125

    /// - Parameters:
    ///   - x: positive, preferably near 1; at least four different values.
    ///   - weights: one over the variance, up to a common factor.
    /// - Returns: `nil` when the data do not determine the law: too few different points, or a best exponent at the end
    ///   of ``exponents``, for example where y does not depend on x.
    package init?(x: [Double], y: [Double], weights: [Double], confidence: Double = 0.95) {
        guard Set(x).count > 3, x.allSatisfy({ $0 > 0 }) else { return nil }
        func fit(_ exponent: Double) -> WeightedFit? {
            WeightedFit(rows: x.map { [1, .pow($0, exponent)] }, values: y, weights: weights)
        }
        let grid = stride(from: Self.exponents.lowerBound, through: Self.exponents.upperBound, by: Self.gridStep)
        let coarse = grid.compactMap { exponent in fit(exponent).map { (exponent, $0.squares) } }
        guard let start = coarse.min(by: { $0.1 < $1.1 })?.0 else { return nil }
        guard start > Self.exponents.lowerBound, start < Self.exponents.upperBound else { return nil }
        let best = GoldenSection.minimum(from: start - Self.gridStep, to: start + Self.gridStep, tolerance: 1e-7) {
            fit($0)?.squares ?? .infinity
        }
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
}
