import CARD
import Quantities
import Statistics

/// Mean ratios at several points, each to what an assumption predicts, with intervals that hold for all together.
///
/// A few rounds at a point show its noise badly, so the variances are moderated by those of all points (see
/// ``ModeratedVariances``). The intervals share the error of 5 % equally (Bonferroni), since the point that deviates most
/// is picked out afterwards.
struct SimultaneousMeans: Sendable {
    struct Member: Sendable {
        var point: MeasuredPoint
        /// The ratio in each round, near 1; not empty.
        var ratios: [Double]
        /// What the ratios compare.
        var subject: String
        /// Place of the member whose ratio this one's is divided by; `nil` for a ratio that stands by itself.
        var reference: Int?
    }

    private let members: [Member]

    init(_ members: [Member]) { self.members = members }

    /// The assumption fails where one point deviates for certain, and holds where none may. The deviation is that of the
    /// point that deviates most; where the assumption fails, of those that show it.
    func finding(_ origin: Origin) -> Finding {
        let estimates = means
        let deviations = members.indices.filter { members[$0].reference != $0 }.map { place in
            let estimate =
                members[place].reference.map { estimates[place].relativeDifference(to: estimates[$0]) }
                ?? estimates[place].plus(-1)
            return (place: place, estimate: estimate, verdict: Self.verdict(estimate))
        }
        guard !deviations.isEmpty else { return .untested("no rounds to compare") }
        let fails = deviations.contains { $0.verdict == .fails }
        let holds = deviations.allSatisfy { $0.verdict == .holds }
        let shown =
            deviations.filter { !fails || $0.verdict == .fails }
            .max { abs($0.estimate.value) < abs($1.estimate.value) } ?? deviations[0]
        var deviation = Quantity(shown.estimate, origin: origin, reason: members[shown.place].subject)
        // Of all points together, so not Student's t interval of this one.
        deviation.degreesOfFreedom = nil
        return Finding(
            deviation: deviation, verdict: fails ? .fails : holds ? .holds : .open, point: members[shown.place].point)
    }

    /// Without an interval a deviation proves nothing.
    private static func verdict(_ estimate: Estimate) -> AssumptionFinding.Verdict {
        estimate.halfWidth.isFinite ? .init(Quantity(estimate, origin: .measured)) : .open
    }

    private var means: [Estimate] {
        let means = members.map { $0.ratios.reduce(0, +) / Double($0.ratios.count) }
        let repeated = members.indices.filter { members[$0].ratios.count > 1 }
        let confidence = 1 - 0.05 / Double(max(1, members.count))
        let variances = repeated.map { place in
            members[place].ratios.reduce(0) { $0 + ($1 - means[place]) * ($1 - means[place]) }
                / Double(members[place].ratios.count - 1)
        }
        let moderated = ModeratedVariances(
            variances, degreesOfFreedom: repeated.map { Double(members[$0].ratios.count - 1) })
        return members.indices.map { place in
            let count = members[place].ratios.count
            guard let own = repeated.firstIndex(of: place) else {
                return Estimate(value: means[place], halfWidth: .infinity, count: count)
            }
            // Rounds that are all equal have no noise.
            guard let moderated else { return Estimate(value: means[place], halfWidth: 0, count: count) }
            let spread = Estimate.Spread(
                standardError: (moderated.variances[own] / Double(count)).squareRoot(),
                degreesOfFreedom: moderated.degreesOfFreedom[own], confidence: confidence)
            return Estimate(value: means[place], spread: spread, count: count)
        }
    }
}

/// What the rounds show of an assumption.
struct Finding: Sendable {
    var deviation: Quantity
    var verdict: AssumptionFinding.Verdict
    /// Where it deviates most.
    var point: MeasuredPoint?

    static func untested(_ reason: String) -> Finding {
        Finding(deviation: .unavailable(reason), verdict: .untested)
    }
}

extension Estimate {
    /// The estimate plus a number that is known.
    fileprivate func plus(_ number: Double) -> Estimate {
        var sum = self
        sum.value += number
        return sum
    }
}
