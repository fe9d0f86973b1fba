import CARD
import Quantities
import SystemIO

/// Whether the prediction held, over all rounds.
package struct ValidationSummary: Codable, Sendable, Hashable {
    package var usedRounds: Int
    package var rejectedRounds: Int
    package var terms: PerTerm<ErrorSummary>
    package var delayRanks: RankAgreement
    package var costRanks: RankAgreement
    package var best: BestCut
    /// By frequency of the server; empty where it was left as it was.
    package var frequencies: [FrequencyError]
}

extension Verdict {
    /// The largest median error of delay and energies at which a prediction holds.
    static let maximumMedianError = 0.05
    /// The least share of points at which delay has to agree within the intervals.
    static let minimumAgreement = 0.9

    /// Whether a prediction holds: the errors are small, and the intervals admit them.
    init(_ summary: ValidationSummary) {
        var reasons: [String] = []
        for term in [Term.delay, .serverEnergy, .deviceEnergy] {
            guard let error = summary.terms[term].medianAbsoluteErrorRatio, error > Self.maximumMedianError else {
                continue
            }
            reasons.append(
                "The median error of \(term.name) is \(NumberText.percent(error)), more than "
                    + "\(NumberText.percent(Self.maximumMedianError, digits: 0)).")
        }
        if let share = summary.terms.delaySeconds.agreeingShare, share < Self.minimumAgreement {
            reasons.append(
                "Delays agree within their intervals at \(NumberText.percent(share, digits: 0)) of the points, fewer "
                    + "than \(NumberText.percent(Self.minimumAgreement, digits: 0)).")
        }
        self.init(reasons: reasons)
    }
}
