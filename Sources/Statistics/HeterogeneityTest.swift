import RealModule

/// Cochran's test of whether values that were each measured with their own error are equal.
///
///     Q = Σ wᵢ (yᵢ - ȳ)²,  wᵢ = 1 / sᵢ²,  ȳ = Σ wᵢ yᵢ / Σ wᵢ
///
/// Of equal values Q / (n - 1) is distributed as F with n - 1 degrees of freedom and those of the errors (Cochran, "The
/// combination of estimates from different experiments", Biometrics 10, 1954). With exactly known errors that is χ².
package struct HeterogeneityTest: Sendable, Hashable {
    /// Q.
    package let statistic: Double
    /// n - 1.
    package let degreesOfFreedom: Int
    /// The probability that equal values give a Q as large.
    package let pValue: Double

    /// - Parameters:
    ///   - values: at least two.
    ///   - variances: of each, above zero.
    ///   - errorDegrees: degrees of freedom of the variances.
    package init(_ values: [Double], variances: [Double], errorDegrees: Double) {
        precondition(values.count > 1 && values.count == variances.count, "a variance for each of two values or more")
        let precision = variances.reduce(0) { $0 + 1 / $1 }
        let mean = zip(values, variances).reduce(0) { $0 + $1.0 / $1.1 } / precision
        statistic = zip(values, variances).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) / $1.1 }
        degreesOfFreedom = values.count - 1
        let own = Double(degreesOfFreedom)
        // The upper tail of F as an incomplete beta function ("Numerical Recipes", section 6.4).
        pValue = regularizedIncompleteBeta(errorDegrees / (errorDegrees + statistic), errorDegrees / 2, own / 2)
    }
}
