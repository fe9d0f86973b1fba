import RealModule

/// How alike two series rank the same subjects, from -1 (reversed) to 1 (the same order).
package enum RankCorrelation {
    /// Spearman's rho: Pearson's correlation of the ranks, with the mean rank for equal values (Kendall and Gibbons, "Rank
    /// Correlation Methods", 5th edition, chapters 1 and 3).
    ///
    /// - Returns: `nil` for fewer than two subjects, or where a series has one value only.
    package static func spearman(_ left: [Double], _ right: [Double]) -> Double? {
        precondition(left.count == right.count, "two values for each subject")
        guard left.count > 1 else { return nil }
        // Ranks have the mean (n + 1) / 2, with ties too.
        let middle = Double(left.count + 1) / 2
        let (x, y) = (ranks(left).map { $0 - middle }, ranks(right).map { $0 - middle })
        let squares = x.reduce(0) { $0 + $1 * $1 } * y.reduce(0) { $0 + $1 * $1 }
        guard squares > 0 else { return nil }
        return zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } / .sqrt(squares)
    }

    /// Kendall's tau-b: concordant less discordant pairs over the geometric mean of the pairs that each series orders
    /// (the same book, section 3.4). O(n²).
    ///
    /// - Returns: `nil` for fewer than two subjects, or where a series has one value only.
    package static func kendall(_ left: [Double], _ right: [Double]) -> Double? {
        precondition(left.count == right.count, "two values for each subject")
        var (score, orderedLeft, orderedRight) = (0, 0, 0)
        for second in left.indices {
            for first in 0..<second {
                let x = sign(left[second] - left[first])
                let y = sign(right[second] - right[first])
                score += x * y
                orderedLeft += x * x
                orderedRight += y * y
            }
        }
        guard orderedLeft > 0, orderedRight > 0 else { return nil }
        return Double(score) / .sqrt(Double(orderedLeft) * Double(orderedRight))
    }

    /// Ranks from 1; equal values have the mean of their ranks.
    static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
            start = end + 1
        }
        return ranks
    }

    private static func sign(_ value: Double) -> Int { value > 0 ? 1 : value < 0 ? -1 : 0 }
}
