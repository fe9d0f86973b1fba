import CARD
import Quantities
import Statistics
import SystemIO

/// Predicted and measured terms of the rounds at one cut and one server frequency.
package struct PointComparison: Codable, Sendable, Hashable {
    package var cut: Int
    package var serverHertz: Double?
    package var usedRounds: Int
    package var rejectedRounds: Int
    package var terms: PerTerm<Comparison>
    /// U as predicted, and the mean of the rounds' U; `nil` where energy counts and is missing.
    package var predictedCost: Double?
    package var measuredCost: Double?

    package var point: MeasuredPoint { MeasuredPoint(cut: cut, serverHertz: serverHertz) }
}

extension PointComparison {
    init(
        _ point: MeasuredPoint, rounds: [MeasuredRound], rejected: Int, _ prediction: Prediction,
        _ measured: RoundTerms, _ conditions: RoundConditions
    ) throws(KerfError) {
        let predicted = try prediction.terms(at: point)
        let delay = Estimate.mean(of: rounds.map(\.delaySeconds))?.value
        self.init(
            cut: point.cut, serverHertz: point.serverHertz, usedRounds: rounds.count, rejectedRounds: rejected,
            terms: PerTerm { term in
                let values = rounds.compactMap { measured.value(term, of: $0) }
                let isComplete = values.count == rounds.count
                let missing = rounds.first { measured.value(term, of: $0) == nil }
                return Comparison(
                    predicted: predicted[term], prediction.origin(of: term),
                    absent: "the calibration has no energy of some layers",
                    measured: isComplete ? Estimate.mean(of: values) : nil, conditions.origin(of: term),
                    absent: missing.map { measured.reason(term, $0) } ?? "every round was rejected",
                    delay: term.isEnergy ? nil : delay)
            })
    }
}
