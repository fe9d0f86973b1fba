import RealModule

/// A linear model fitted by weighted least squares.
///
/// The weights are known up to a common factor, which is estimated from the residuals. What the model does not explain,
/// noise or a wrong model, widens its intervals.
///
/// Source: Seber and Lee, "Linear Regression Analysis", section 3.10.
package struct WeightedFit: Sendable {
    package let coefficients: [Double]
    /// Covariance of the coefficients.
    package let covariance: [[Double]]
    /// Weighted sum of squared residuals.
    package let squares: Double
    /// Observations less coefficients.
    package let degreesOfFreedom: Int

    /// - Parameters:
    ///   - rows: one row of regressors for each observation, all of the same length.
    ///   - weights: one over the variance, up to a common factor.
    /// - Returns: `nil` without more observations than coefficients, and when the regressors do not determine them.
    package init?(rows: [[Double]], values: [Double], weights: [Double]) {
        precondition(rows.count == values.count && rows.count == weights.count, "one row, value and weight each")
        guard let count = rows.first?.count, rows.count > count else { return nil }
        guard let inverse = Self.inverseOfNormal(rows, weights) else { return nil }
        let right = (0..<count).map { column in
            zip(zip(rows, values), weights).reduce(0) { $0 + $1.0.0[column] * $1.0.1 * $1.1 }
        }
        let solution = inverse.map { row in zip(row, right).reduce(0) { $0 + $1.0 * $1.1 } }
        coefficients = solution
        squares = zip(zip(rows, values), weights).reduce(0) { sum, item in
            let residual = item.0.1 - zip(item.0.0, solution).reduce(0) { $0 + $1.0 * $1.1 }
            return sum + item.1 * residual * residual
        }
        degreesOfFreedom = rows.count - count
        let variance = squares / Double(degreesOfFreedom)
        covariance = inverse.map { $0.map { $0 * variance } }
    }

    /// A coefficient with Student's t interval.
    package func estimate(_ index: Int, confidence: Double = 0.95) -> Estimate {
        Estimate(
            value: coefficients[index],
            spread: .init(
                standardError: max(0, covariance[index][index]).squareRoot(),
                degreesOfFreedom: Double(degreesOfFreedom), confidence: confidence),
            count: degreesOfFreedom + coefficients.count)
    }

    /// (X' W X)^-1 by Gauss and Jordan with pivots, of the matrix scaled to a diagonal of ones.
    static func inverseOfNormal(_ rows: [[Double]], _ weights: [Double]) -> [[Double]]? {
        let count = rows[0].count
        var normal = (0..<count).map { i in
            (0..<count).map { j in zip(rows, weights).reduce(0) { $0 + $1.0[i] * $1.0[j] * $1.1 } }
        }
        let scale = (0..<count).map { normal[$0][$0].squareRoot() }
        guard scale.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        for i in 0..<count {
            for j in 0..<count { normal[i][j] /= scale[i] * scale[j] }
        }
        var inverse = (0..<count).map { i in (0..<count).map { $0 == i ? 1.0 : 0 } }
        for column in 0..<count {
            let pivot = (column..<count).max { abs(normal[$0][column]) < abs(normal[$1][column]) } ?? column
            // In a matrix with ones on the diagonal this shows how much a regressor differs from the others.
            guard abs(normal[pivot][column]) > 1e-10 else { return nil }
            normal.swapAt(column, pivot)
            inverse.swapAt(column, pivot)
            let factor = normal[column][column]
            for j in 0..<count {
                normal[column][j] /= factor
                inverse[column][j] /= factor
            }
            for i in 0..<count where i != column {
                let factor = normal[i][column]
                for j in 0..<count {
                    normal[i][j] -= factor * normal[column][j]
                    inverse[i][j] -= factor * inverse[column][j]
                }
            }
        }
        return (0..<count).map { i in (0..<count).map { inverse[i][$0] / (scale[i] * scale[$0]) } }
    }
}
