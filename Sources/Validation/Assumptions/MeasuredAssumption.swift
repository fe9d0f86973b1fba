import CARD
import Quantities

/// An assumption of the paper, tested on the measured rounds alone.
package struct MeasuredAssumption: Codable, Sendable, Hashable {
    package var assumption: PaperAssumption
    package var statement: String
    /// Relative to what the assumption predicts, where it deviates most; its reason says what was compared. Its interval
    /// holds for all points of the comparison together.
    package var deviation: Quantity
    package var verdict: AssumptionFinding.Verdict
    /// Where it deviates most.
    package var cut: Int?
    package var serverHertz: Double?
    /// The verdict from the calibrations, before anything was run.
    package var calibratedVerdict: AssumptionFinding.Verdict?
}

extension MeasuredAssumption {
    /// All assumptions in the order of the decision's.
    static func all(_ deviations: RoundDeviations, _ decision: Decision) -> [MeasuredAssumption] {
        PaperAssumption.allCases.map { assumption in
            let found = deviations.deviation(from: assumption)
            return MeasuredAssumption(
                assumption: assumption, statement: assumption.statement, deviation: found.deviation,
                verdict: found.verdict, cut: found.point?.cut, serverHertz: found.point?.serverHertz,
                calibratedVerdict: decision.findings.first { $0.assumption == assumption }?.verdict)
        }
    }
}
