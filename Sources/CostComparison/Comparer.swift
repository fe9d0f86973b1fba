import Calibration
import Quantities
import Statistics
import SystemIO

/// Compares the costs of calibrations.
package struct Comparer: Sendable {
    /// The relative difference that a comparison should be able to show; see ``CostComparison/resolutionRatio``.
    package static let defaultResolution = 0.05
    /// The simultaneous coverage of all intervals of a comparison.
    package static let confidence = 0.95
    /// More files than a terminal has room for.
    package static let maximumInputs = 100

    private let resolution: Double
    private let betweenRuns: Double?

    /// - Parameters:
    ///   - resolution: above 0.
    ///   - betweenRuns: standard deviation between runs, relative to a cost, for sides of one profile; `nil` where it is
    ///     not known.
    package init(resolution: Double = Comparer.defaultResolution, betweenRuns: Double? = nil) {
        self.resolution = resolution
        self.betweenRuns = betweenRuns
    }

    /// A pure function of the inputs.
    ///
    /// - Parameters:
    ///   - inputs: two or more, in the order of the comparison.
    ///   - baseline: the place of the one that the others are compared with.
    /// - Throws: ``KerfError`` for fewer than two inputs, and where two are not of the same work.
    package func compare(_ inputs: [ComparisonInput], baseline: Int = 0) throws -> CostComparison {
        guard inputs.count > 1, inputs.indices.contains(baseline) else {
            throw KerfError(
                .invalidArgument, "\(inputs.count == 1 ? "one file is" : "no files are") nothing to compare",
                remedy: "give two or more profiles or calibrations")
        }
        guard inputs.count <= Self.maximumInputs else {
            throw KerfError(.invalidArgument, "\(inputs.count) files; the most is \(Self.maximumInputs)")
        }
        let first = inputs[baseline]
        let ordered = [first] + inputs.enumerated().filter { $0.offset != baseline }.map(\.element)
        for other in ordered.dropFirst() { try WorkloadCheck.check(other, against: first) }
        let centers = ordered.map { CostList.centers(of: $0.calibration) }.reduce(
            CostList.centers(of: first.calibration)
        ) {
            $0.intersection($1)
        }
        let costs = ordered.map { CostList($0.calibration, centers: centers) }
        let pairs = zip(ordered, costs).dropFirst().map { other, list in
            Pair(first, costs[0], other, list, declaredRatio: betweenRuns)
        }
        let budget = ErrorBudget(pairs.flatMap(\.ratios))
        let comparisons = pairs.enumerated().map { place, pair in
            SideComparison(
                side: place + 1, betweenRuns: pair.errors.source, rows: pair.rows(budget, resolution: resolution),
                notes: ComparisonNotes(first.side, ordered[place + 1].side, pair.errors.source, betweenRuns).sentences
                    + WorkloadCheck.notes(ordered[place + 1], against: first))
        }
        let origins = comparisons.flatMap(\.rows).map(\.ratio.origin).filter { $0 != .unavailable }
        return CostComparison(
            kerfVersion: KerfVersion.current, origin: Origin.weakest(origins), model: first.calibration.model,
            workload: first.calibration.workload, errorBudget: budget, resolutionRatio: resolution,
            betweenRunsRatio: betweenRuns, sides: ordered.map(\.side), comparisons: comparisons,
            warnings: ComparisonNotes.warnings(ordered.map(\.side)))
    }
}

/// The costs of two sides, part by part.
private struct Pair {
    struct Costs {
        var part: ComparedPart
        var value: ComparedValue
        var baseline: Quantity
        var other: Quantity
        var outcome: Outcome
    }

    enum Outcome {
        case ratio(LogRatio)
        /// Both values are known, and the interval of one is not.
        case withoutInterval(Double, String)
        case missing(String)
    }

    let errors: SideErrors
    private let costs: [Costs]

    init(
        _ baseline: ComparisonInput, _ costs: CostList, _ other: ComparisonInput, _ others: CostList,
        declaredRatio: Double?
    ) {
        let errors = SideErrors(baseline.side, other.side, declaredRatio: declaredRatio)
        let entries = others.entries
        let theirs = Dictionary(uniqueKeysWithValues: entries.map { (Key($0), $0.quantity) })
        let ours = Set(costs.entries.map(Key.init))
        let absent = { (side: ComparedSide) in Quantity.unavailable("not timed in \(side.name)") }
        // A kernel that only one side has, of another engine or version, is shown, not compared.
        let all = costs.entries + entries.filter { !ours.contains(Key($0)) }
        self.errors = errors
        self.costs = all.map { entry in
            let own = ours.contains(Key(entry)) ? entry.quantity : absent(baseline.side)
            let quantity = theirs[Key(entry)] ?? absent(other.side)
            return Costs(
                part: entry.part, value: entry.value, baseline: own, other: quantity,
                outcome: Self.outcome(own, quantity, errors))
        }
    }

    private struct Key: Hashable {
        var part: ComparedPart
        var value: ComparedValue

        init(_ entry: CostList.Entry) { (part, value) = (entry.part, entry.value) }
    }

    /// The parts whose ratio has an interval.
    var ratios: [ComparedPart] {
        costs.compactMap { cost in
            if case .ratio = cost.outcome { cost.part } else { nil }
        }
    }

    func rows(_ budget: ErrorBudget, resolution: Double) -> [ComparedRow] {
        costs.map { cost in
            var row = ComparedRow(
                name: cost.part.name, part: cost.part, value: cost.value, baseline: cost.baseline, other: cost.other,
                ratio: .unavailable("not compared"), verdict: .notCompared)
            let origin = Origin.weakest([cost.baseline.origin, cost.other.origin])
            let count = min(cost.baseline.count, cost.other.count)
            switch cost.outcome {
            case .missing(let reason): row.ratio = .unavailable(reason)
            case .withoutInterval(let value, let reason):
                row.ratio = Quantity(value: value, count: count, origin: origin, reason: reason)
                row.verdict = .tooUncertain
            case .ratio(let ratio):
                let rate = budget.errorRate(of: cost.part.family)
                row.ratio = Quantity(value: ratio.ratio, count: count, origin: origin)
                guard let interval = ratio.interval(errorRate: rate) else {
                    row.ratio.reason = "too few runs or observations for an interval"
                    row.verdict = .tooUncertain
                    return row
                }
                (row.ratio.lower, row.ratio.upper) = (interval.lower, interval.upper)
                row.ratio.confidence = 1 - rate
                row.detectableRatio = ratio.detectableIncrease(errorRate: rate)
                row.verdict = Self.verdict(interval, detectable: row.detectableRatio, resolution)
            }
            return row
        }
    }

    private static func verdict(
        _ interval: (lower: Double, upper: Double), detectable: Double?, _ resolution: Double
    ) -> Verdict {
        if interval.lower > 1 { return .higher }
        if interval.upper < 1 { return .lower }
        return (detectable ?? .infinity) <= resolution ? .noDifference : .tooUncertain
    }

    private static func outcome(_ baseline: Quantity, _ other: Quantity, _ errors: SideErrors) -> Outcome {
        guard let own = baseline.value else { return .missing(baseline.reason ?? "no value") }
        guard let theirs = other.value else { return .missing(other.reason ?? "no value") }
        guard own > 0, theirs > 0 else { return .missing("a value that is not above zero has no ratio") }
        let reason = baseline.lower == nil ? baseline.reason : other.reason
        guard let contributions = errors.contributions(baseline, other) else {
            return .withoutInterval(theirs / own, reason ?? "too few observations for an interval")
        }
        return LogRatio(of: theirs, to: own, errors: contributions).map(Outcome.ratio)
            ?? .missing("a value that is not finite has no ratio")
    }
}

extension ErrorBudget {
    /// - Parameter parts: the part of each ratio.
    fileprivate init(_ parts: [ComparedPart]) {
        let counts = ComparedPart.Family.allCases.map { family in
            (family: family, count: parts.count { $0.family == family })
        }.filter { $0.count > 0 }
        let sharing = Bonferroni(errorRate: 1 - Comparer.confidence, families: max(1, counts.count))
        self.init(
            method: .bonferroni, confidence: Comparer.confidence,
            shares: counts.map { family, count in
                Share(family: family, ratios: count, errorRate: sharing.memberErrorRate(count: count))
            })
    }

    fileprivate func errorRate(of family: ComparedPart.Family) -> Double {
        shares.first { $0.family == family }?.errorRate ?? 1 - confidence
    }
}
