/// The steps of a run without the slowest and the fastest fifth.
///
/// A step is kept by its total, and every part of the step is then averaged over the same steps. So the averages of the
/// parts add up to the average of the total, as means do and medians do not, and a step that was preempted is left out
/// of the parts and the whole alike.
package struct TrimmedSteps: Sendable {
    /// Share left out at each end; 0.2 is the usual choice (Wilcox, "Introduction to Robust Estimation and Hypothesis
    /// Testing", section 3.3).
    package static let fraction = 0.2

    /// Totals by step.
    package let totals: [Double]
    /// Indices of the steps that are kept, in the order of their totals.
    package let kept: ArraySlice<Int>
    private let order: [Int]
    /// The group of each step.
    private let groups: [Int]
    private let isGrouped: Bool

    /// - Parameters:
    ///   - totals: one a step, finite. Fewer than five are all kept.
    ///   - groups: the group of each step, where several were taken in a row. The box affects them alike, so a group is
    ///     one observation. `nil` where every step is one.
    package init(totals: [Double], groups: [Int]? = nil) {
        precondition(groups.map { $0.count == totals.count } ?? true, "a group for each step")
        self.totals = totals
        isGrouped = groups != nil
        self.groups = groups ?? Array(totals.indices)
        // Equal totals keep their order, so that the result is reproducible.
        order = totals.indices.sorted { (totals[$0], $0) < (totals[$1], $1) }
        let trimmed = Int(Double(totals.count) * Self.fraction)
        kept = order[trimmed..<(order.count - trimmed)]
    }

    /// The trimmed mean of the totals themselves.
    package func total(confidence: Double = 0.95) -> Estimate? { mean(of: totals, confidence: confidence) }

    /// The mean of one part over the kept steps, with its interval.
    ///
    /// The interval is that of Tukey and McLaughlin ("Less vulnerable confidence and significance procedures for
    /// location based on a single sample", Sankhya A 25, 1963) where the part is the whole: a step left out counts with
    /// the value at the cut. For a part, the value at the cut is that of the part's regression on the total, which is the
    /// kept mean where the two are not correlated. Steps of one group count as one observation.
    ///
    /// - Parameter part: one value a step, in the order of the totals.
    package func mean(of part: [Double], confidence: Double = 0.95) -> Estimate? {
        guard let (mean, errors) = errors(of: part) else { return nil }
        guard errors.count > 1 else { return Estimate(value: mean, halfWidth: .infinity, count: errors.count) }
        return Estimate(value: mean, spread: spread(of: errors, confidence: confidence), count: errors.count)
    }

    /// (The mean of `part` - the mean of `whole`) / the mean of `whole`. Groups of the same number were taken together, so
    /// what the box did to both cancels. Steps whose group is not in `whole` are left out.
    ///
    /// - Parameter whole: of other steps, its groups numbered as here.
    package func relativeDifference(
        of part: [Double], to whole: TrimmedSteps, confidence: Double = 0.95
    ) -> Estimate? {
        let theirs = Set(whole.groups)
        let shared = totals.indices.filter { theirs.contains(groups[$0]) }
        if isGrouped, !shared.isEmpty, shared.count < totals.count {
            let paired = TrimmedSteps(totals: shared.map { totals[$0] }, groups: shared.map { groups[$0] })
            return paired.relativeDifference(of: shared.map { part[$0] }, to: whole, confidence: confidence)
        }
        guard let (mean, errors) = errors(of: part), let (other, others) = whole.errors(of: whole.totals), other != 0
        else { return nil }
        let ratio = mean / other
        let both = errors.mapValues { $0 / other }.merging(
            others.mapValues { -$0 * ratio / other }, uniquingKeysWith: +)
        guard both.count > 1 else { return Estimate(value: ratio - 1, halfWidth: .infinity, count: both.count) }
        return Estimate(value: ratio - 1, spread: spread(of: both, confidence: confidence), count: both.count)
    }

    /// The mean over the kept steps, and the contribution of each group's steps to its error.
    private func errors(of part: [Double]) -> (mean: Double, byGroup: [Int: Double])? {
        precondition(part.count == totals.count, "a part has one value for each step")
        guard let fastest = kept.first, let slowest = kept.last else { return nil }
        let keptCount = Double(kept.count)
        let mean = kept.reduce(0) { $0 + part[$1] } / keptCount
        let meanTotal = kept.reduce(0) { $0 + totals[$1] } / keptCount
        var (products, squares) = (0.0, 0.0)
        for step in kept {
            products += (part[step] - mean) * (totals[step] - meanTotal)
            squares += (totals[step] - meanTotal) * (totals[step] - meanTotal)
        }
        let slope = squares > 0 ? products / squares : 0
        var winsorized = part
        for step in order[..<kept.startIndex] { winsorized[step] = mean + slope * (totals[fastest] - meanTotal) }
        for step in order[kept.endIndex...] { winsorized[step] = mean + slope * (totals[slowest] - meanTotal) }
        let center = winsorized.reduce(0, +) / Double(part.count)
        var errors: [Int: Double] = [:]
        for step in part.indices { errors[groups[step], default: 0] += (winsorized[step] - center) / keptCount }
        return (mean, errors)
    }

    /// The standard error of a mean from the errors of independent groups.
    ///
    /// Steps that are left out reduce the degrees of freedom: those of the effective number of groups among the kept
    /// steps. Groups of one step count if it is kept; large groups that all lose some of their steps count nearly in full
    /// (effective number of unequal shares: Kish, "Survey Sampling", 1965).
    private func spread(of errors: [Int: Double], confidence: Double) -> Estimate.Spread {
        let count = Double(errors.count)
        // In a fixed order: that of a dictionary would change the last digit from run to run.
        let squares = errors.keys.sorted().reduce(0.0) { $0 + (errors[$1] ?? 0) * (errors[$1] ?? 0) }
        let shares = Dictionary(grouping: kept) { groups[$0] }.values.map { Double($0.count) }
        let worth = Double(kept.count * kept.count) / shares.reduce(0) { $0 + $1 * $1 }
        return Estimate.Spread(
            standardError: (squares * count / (count - 1)).squareRoot(),
            degreesOfFreedom: max(1, worth - 1), confidence: confidence)
    }
}
