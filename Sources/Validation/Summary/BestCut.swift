import CARD
import Statistics

/// Whether the cut that turned out best was among those that the decision held possible.
package struct BestCut: Codable, Sendable, Hashable {
    /// The point of least mean cost; `nil` where the cost is not known.
    package var measured: MeasuredPoint?
    /// The chosen cut, those of equal cost, and those that cannot be distinguished from it; `nil` for a decision without
    /// confidence.
    package var predictedCuts: [Int]?
    package var isPredicted: Bool?
    /// The share of bootstrap samples of the rounds whose best cut is among the predicted ones; `nil` where a point has
    /// fewer than two rounds.
    package var predictedShare: Double?

    init(_ decision: Decision, best: MeasuredPoint?, _ costs: RoundCosts, seed: UInt64) {
        measured = best
        predictedCuts = decision.confidence.map { confidence in
            Set((confidence.indistinguishableCuts ?? []) + decision.choice.tiedCuts).sorted()
        }
        guard let best, let predictedCuts else { return }
        isPredicted = predictedCuts.contains(best.cut)
        let values = costs.values(.cost)
        let places = values.indices.filter { place in
            !values[place].isEmpty
                && decision.cuts.first { $0.cut == costs.set.points[place].cut }?.exclusion == nil
        }
        guard let samples = BootstrapMeans(places.map { values[$0] }, seed: seed) else { return }
        let hits = samples.means.count { means in
            let least = means.indices.min { means[$0] < means[$1] }
            return least.map { predictedCuts.contains(costs.set.points[places[$0]].cut) } ?? false
        }
        predictedShare = Double(hits) / Double(samples.means.count)
    }
}
