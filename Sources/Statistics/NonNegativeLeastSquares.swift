/// Least squares with nonnegative unknowns, from the normal equations.
///
/// Only the sums A'A and A'y of the rows are kept, so a million rows take no more memory than ten. Solved by cyclic coordinate descent, which converges for any positive definite A'A (Franc, Hlaváč, Navara,
/// "Sequential coordinate-wise algorithm for the non-negative least squares problem", CAIP 2005).
package struct NonNegativeLeastSquares {
    private let count: Int
    /// A'A by rows, and A'y.
    private var products: [Double]
    private var targets: [Double]

    private static let maximumSweeps = 2000
    /// Change over the largest unknown at which the solution has converged.
    private static let tolerance = 1e-9

    package init(count: Int) {
        self.count = count
        products = [Double](repeating: 0, count: count * count)
        targets = [Double](repeating: 0, count: count)
    }

    /// Adds one equation: the sum of coefficient times unknown equals `value`. Unknowns not named have coefficient 0.
    package mutating func add(_ row: [(unknown: Int, coefficient: Double)], value: Double) {
        for (i, a) in row {
            targets[i] += a * value
            for (j, b) in row { products[i * count + j] += a * b }
        }
    }

    package static func - (left: NonNegativeLeastSquares, right: NonNegativeLeastSquares) -> NonNegativeLeastSquares {
        var difference = left
        for index in left.products.indices { difference.products[index] -= right.products[index] }
        for index in left.targets.indices { difference.targets[index] -= right.targets[index] }
        return difference
    }

    package static func += (sum: inout NonNegativeLeastSquares, part: NonNegativeLeastSquares) {
        for index in sum.products.indices { sum.products[index] += part.products[index] }
        for index in sum.targets.indices { sum.targets[index] += part.targets[index] }
    }

    /// The unknowns; one that no equation names is zero.
    ///
    /// - Parameter start: a guess near the solution, which saves time.
    package func solution(from start: [Double]? = nil) -> [Double] {
        var unknowns = start ?? [Double](repeating: 0, count: count)
        for _ in 0..<Self.maximumSweeps {
            var (largest, change) = (0.0, 0.0)
            for i in 0..<count where products[i * count + i] > 0 {
                var rest = targets[i]
                for j in 0..<count { rest -= products[i * count + j] * unknowns[j] }
                let fresh = max(0, unknowns[i] + rest / products[i * count + i])
                change = max(change, abs(fresh - unknowns[i]))
                largest = max(largest, fresh)
                unknowns[i] = fresh
            }
            if change <= Self.tolerance * largest { break }
        }
        return unknowns
    }
}
