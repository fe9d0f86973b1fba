import Quantities
import Statistics

/// The errors of one term over all cuts and frequencies that were measured.
package struct ErrorSummary: Codable, Sendable, Hashable {
    /// Points with an error.
    package var points: Int
    package var medianErrorRatio: Double?
    package var medianAbsoluteErrorRatio: Double?
    /// The error that is largest in magnitude, with its sign, and where it is.
    package var worstErrorRatio: Double?
    package var worstCut: Int?
    package var worstHertz: Double?
    /// Points whose predicted value has an interval, and the share of them where it holds the measured mean.
    package var judgedPoints: Int
    package var withinPredictedShare: Double?
    /// Points where prediction and measurement have intervals, and the share of them that agree within both.
    package var comparedPoints: Int
    package var agreeingShare: Double?

    init(_ term: Term, _ all: [PointComparison]) {
        let errors = all.compactMap { point in
            point.terms[term].errorRatio.value.map { (point: point.point, error: $0) }
        }
        points = errors.count
        if !errors.isEmpty {
            medianErrorRatio = errors.map(\.error).sorted().quantile(0.5)
            medianAbsoluteErrorRatio = errors.map { abs($0.error) }.sorted().quantile(0.5)
        }
        let worst = errors.max { abs($0.error) < abs($1.error) }
        (worstErrorRatio, worstCut, worstHertz) = (worst?.error, worst?.point.cut, worst?.point.serverHertz)
        // A term that is neither predicted nor measured says nothing about the prediction.
        let judged = all.map { $0.terms[term] }.filter { $0.predicted.value != 0 || $0.measured.value != 0 }
        let within = judged.compactMap(\.withinPredicted)
        let agreeing = judged.compactMap(\.agrees)
        (judgedPoints, withinPredictedShare) = (within.count, Self.share(within))
        (comparedPoints, agreeingShare) = (agreeing.count, Self.share(agreeing))
    }

    private static func share(_ values: [Bool]) -> Double? {
        values.isEmpty ? nil : Double(values.count { $0 }) / Double(values.count)
    }
}
