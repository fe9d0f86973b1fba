/// Which steps of a run are kept when the slowest and the fastest fifth are left out.
///
/// A step is chosen by its total, and every part of the step is then averaged over the same steps. So the averages of
/// the parts add up to the average of the total, as plain means do and medians do not, and a step hit by preemption
/// leaves the parts and the whole together, which plain means do not survive.
public struct TrimmedSteps: Sendable {
    /// Share left out at each end; 0.2 is the usual choice (Wilcox, "Introduction to Robust Estimation and Hypothesis
    /// Testing", section 3.3).
    public static let fraction = 0.2

    /// Totals by step.
    public let totals: [Double]
    /// Indices of the steps that are kept, in the order of their totals.
    public let kept: ArraySlice<Int>
    private let order: [Int]

    /// - Parameter totals: one a step, finite. Fewer than five are all kept.
    public init(totals: [Double]) {
        self.totals = totals
        // Equal totals keep their order, so that the choice depends on nothing else.
        order = totals.indices.sorted { (totals[$0], $0) < (totals[$1], $1) }
        let trimmed = Int(Double(totals.count) * Self.fraction)
        kept = order[trimmed..<(order.count - trimmed)]
    }

    /// The trimmed mean of the totals themselves.
    public func total(confidence: Double = 0.95) -> Estimate? { mean(of: totals, confidence: confidence) }

    /// The mean of one part over the kept steps, with its interval.
    ///
    /// The interval is that of Tukey and McLaughlin ("Less vulnerable confidence and significance procedures for
    /// location based on a single sample", Sankhya A 25, 1963) where the part is the whole: a step left out counts with
    /// the value at the cut. For a part, the value at the cut is what the part's regression on the total expects there,
    /// which is the kept mean itself where the two are not related.
    ///
    /// - Parameter part: one value a step, in the order of the totals.
    public func mean(of part: [Double], confidence: Double = 0.95) -> Estimate? {
        precondition(part.count == totals.count, "a part has one value for each step")
        guard let fastest = kept.first, let slowest = kept.last else { return nil }
        if kept.count == part.count { return Estimate.mean(of: part, confidence: confidence) }
        let keptCount = Double(kept.count)
        let mean = kept.reduce(0) { $0 + part[$1] } / keptCount
        let meanTotal = kept.reduce(0) { $0 + totals[$1] } / keptCount
        var (products, squares) = (0.0, 0.0)
        for step in kept {
            products += (part[step] - mean) * (totals[step] - meanTotal)
            squares += (totals[step] - meanTotal) * (totals[step] - meanTotal)
        }
        let slope = squares > 0 ? products / squares : 0
        let winsorised =
            order[..<kept.startIndex].map { _ in mean + slope * (totals[fastest] - meanTotal) }
            + kept.map { part[$0] }
            + order[kept.endIndex...].map { _ in mean + slope * (totals[slowest] - meanTotal) }
        let count = Double(part.count)
        let centre = winsorised.reduce(0, +) / count
        let variance = winsorised.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / (count - 1)
        let standardError = (variance * count).squareRoot() / keptCount
        let spread = Estimate.Spread(
            standardError: standardError, degreesOfFreedom: keptCount - 1, confidence: confidence)
        return Estimate(value: mean, spread: spread, count: part.count)
    }
}
