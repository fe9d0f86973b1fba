import CARD
import Quantities
import Statistics

/// Estimates what a choice cost more than the best alternative, from rounds with noise.
///
/// The least of several noisy means is below the least true cost, the more so the more alternatives there are: the
/// winner's curse. Against it the plain regret is biased upward. Here the rounds of each alternative are divided at
/// random into two halves; the best alternative is chosen by the first and evaluated, as is the choice, on the second. The
/// mean over many divisions has no such bias (Efron, "Estimating the error rate of a prediction rule: improvement on
/// cross-validation", Journal of the American Statistical Association 78, 1983). It is the regret against an alternative
/// that was chosen from half the rounds, and below the true regret where those do not suffice to find the best.
///
/// So the lower end of the interval is that of the divisions' values, and the upper end the higher one of theirs and of the
/// plain regret of bootstrap samples. Both are moved out to the quantile of Student's t for the difference of two means,
/// since a few rounds show their own noise badly.
struct RegretEstimator: Sendable {
    /// Costs of the rounds of each alternative.
    let costs: [[Double]]
    /// Whether an alternative may be chosen as the best.
    let isAllowed: [Bool]
    let origin: Origin

    /// Random divisions.
    static let divisions = 2000
    /// Rounds that an alternative needs for a half each.
    static let minimumRounds = 2

    private let means: [Double?]
    /// The alternatives with rounds enough, and those of them that may be chosen.
    private let repeated: [Int]
    private let candidates: [Int]
    private let evaluations: [Evaluation]
    /// By sample and place in `repeated`.
    private let bootstrap: BootstrapMeans?

    /// One division: the means of the second half by place in `repeated`, and the least of those that the first half would
    /// choose.
    private struct Evaluation {
        var means: [Double]
        var best: Double
    }

    init(costs: [[Double]], isAllowed: [Bool], origin: Origin, seed: UInt64) {
        (self.costs, self.isAllowed, self.origin) = (costs, isAllowed, origin)
        means = costs.map { Estimate.mean(of: $0)?.value }
        let repeated = costs.indices.filter { costs[$0].count >= Self.minimumRounds }
        self.repeated = repeated
        candidates = repeated.indices.filter { isAllowed[repeated[$0]] }
        bootstrap = BootstrapMeans(repeated.map { costs[$0] }, seed: seed)
        guard !candidates.isEmpty else {
            evaluations = []
            return
        }
        var generator = SeededGenerator(seed: seed)
        evaluations = (0..<Self.divisions).map { _ in
            var chosen = (first: Double.infinity, second: Double.infinity)
            let seconds = repeated.map { place -> Double in
                let halves = generator.halves(costs[place].count)
                func mean(_ half: ArraySlice<Int>) -> Double {
                    half.reduce(0) { $0 + costs[place][$1] } / Double(half.count)
                }
                let (first, second) = (mean(halves.first), mean(halves.second))
                if isAllowed[place], first < chosen.first { chosen = (first, second) }
                return second
            }
            return Evaluation(means: seconds, best: chosen.second)
        }
    }

    /// The place of the least mean cost among the allowed alternatives; `nil` where none has a cost.
    var best: Int? {
        means.indices.filter { isAllowed[$0] && means[$0] != nil }.min { (means[$0] ?? 0) < (means[$1] ?? 0) }
    }

    /// The regret of an allowed alternative; `nil` where it has no cost.
    func regret(of choice: Int) -> RegretEstimate? {
        guard let own = means[choice], let best, let least = means[best] else { return nil }
        let naive = own - least
        let naiveRatio = least > Solver.tieTolerance ? naive / least : nil
        guard let place = repeated.firstIndex(of: choice), !evaluations.isEmpty else {
            let reason = "fewer than \(Self.minimumRounds) rounds: none is left to evaluate the best alternative on"
            return RegretEstimate(
                naiveRegret: naive, naiveRatio: naiveRatio, regret: .unavailable(reason), ratio: .unavailable(reason))
        }
        let regret = interval(of: place, count: costs[choice].count)
        let minimumCost = evaluations.reduce(0) { $0 + $1.best } / Double(evaluations.count)
        return RegretEstimate(
            naiveRegret: naive, naiveRatio: naiveRatio, regret: regret,
            ratio: minimumCost > Solver.tieTolerance
                ? regret.divided(by: minimumCost) : .unavailable("the least cost is not above zero"))
    }

    private func interval(of place: Int, count: Int) -> Quantity {
        let divided = evaluations.map { $0.means[place] - $0.best }.sorted()
        let mean = divided.reduce(0, +) / Double(divided.count)
        let plain = (bootstrap?.means ?? []).map { means in
            means[place] - (candidates.map { means[$0] }.min() ?? means[place])
        }.sorted()
        let upper = plain.isEmpty ? divided.quantile(0.975) : max(divided.quantile(0.975), plain.quantile(0.975))
        let widening =
            StudentT.quantile(0.975, degreesOfFreedom: Double(2 * (count - 1)))
            / StudentT.quantile(0.975, degreesOfFreedom: 1e6)
        return Quantity(
            value: mean, lower: mean - widening * max(0, mean - divided.quantile(0.025)),
            upper: mean + widening * max(0, upper - mean), confidence: 0.95, count: count, origin: origin)
    }
}

/// The regret of one choice, in the unit that the field's name states.
package struct RegretEstimate: Codable, Sendable, Hashable {
    /// Mean cost of the choice less the least mean cost: biased upward by the winner's curse.
    package var naiveRegret: Double
    /// Over the least mean cost; `nil` where that is not above zero.
    package var naiveRatio: Double?
    /// Corrected for the winner's curse. It may be below zero: no alternative could be told to be better.
    package var regret: Quantity
    /// The same over the least cost.
    package var ratio: Quantity
}

extension Quantity {
    /// The quantity over a number above zero that is known.
    fileprivate func divided(by number: Double) -> Quantity {
        var quotient = self
        (quotient.value, quotient.lower, quotient.upper) = (
            value.map { $0 / number }, lower.map { $0 / number }, upper.map { $0 / number }
        )
        return quotient
    }
}
