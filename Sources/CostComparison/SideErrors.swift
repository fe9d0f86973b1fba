import Calibration
import Quantities
import Statistics

/// Errors of the two sides of a comparison, with what is known of the variation between runs.
///
/// An interval of a calibration from one profile holds what varies within a run. A second run differs more: in temperature,
/// in the placement of memory, in what else the box does. A calibration from several profiles has that in its intervals.
struct SideErrors {
    let source: BetweenRuns
    private let baselineRuns: Int
    private let otherRuns: Int
    private let declared: Double

    /// Degrees of freedom of a number that is known.
    private static let known = 1e6

    init(_ baseline: ComparedSide, _ other: ComparedSide, declaredRatio: Double?) {
        baselineRuns = baseline.runs
        otherRuns = other.runs
        declared = declaredRatio ?? 0
        source =
            if baseline.profiles.map(\.sha256) == other.profiles.map(\.sha256) {
                .sameProfiles
            } else if baselineRuns > 1 && otherRuns > 1 {
                .measured
            } else if declaredRatio != nil {
                .declared
            } else if baselineRuns > 1 || otherRuns > 1 {
                .borrowed
            } else {
                .notIncluded
            }
    }

    /// Independent contributions to the relative error of two costs; `nil` where one has no interval.
    func contributions(_ baseline: Quantity, _ other: Quantity) -> [LogRatio.RelativeError]? {
        // The same samples have the same error, unless another version of Kerf fitted them.
        if source == .sameProfiles, baseline == other { return [] }
        guard let own = error(of: baseline, runs: baselineRuns), let theirs = error(of: other, runs: otherRuns) else {
            return nil
        }
        let declaration = LogRatio.RelativeError(standardError: declared, degreesOfFreedom: Self.known)
        let singles = [baselineRuns, otherRuns].count { $0 == 1 }
        switch source {
        case .measured, .notIncluded, .sameProfiles: return [own, theirs]
        case .declared: return [own, theirs] + [LogRatio.RelativeError](repeating: declaration, count: singles)
        case .borrowed:
            // A further run has the whole spread, of which the mean of n runs has one over the root of n. The two are one
            // estimate, so they share its degrees of freedom.
            let (several, single, runs) =
                baselineRuns > 1 ? (own, theirs, baselineRuns) : (theirs, own, otherRuns)
            var both = several
            both.standardError *= (1 + Double(runs)).squareRoot()
            return [both, single]
        }
    }

    /// The error of a side by itself.
    ///
    /// Of several profiles, a calibration's interval is no narrower than that of the runs' means. Which of the two it is
    /// does not show, so that it is taken to be that: a run is one observation. This is exact where the runs differ, and
    /// cautious where they do not.
    private func error(of quantity: Quantity, runs: Int) -> LogRatio.RelativeError? {
        guard let value = quantity.value, value > 0, let lower = quantity.lower, let upper = quantity.upper,
            let confidence = quantity.confidence
        else { return nil }
        let width = max(upper - value, value - lower)
        guard width > 0 else { return .init(standardError: 0, degreesOfFreedom: Self.known) }
        if runs > 1 {
            let degrees = Double(runs - 1)
            let quantile = StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: degrees)
            return .init(standardError: width / quantile / value, degreesOfFreedom: degrees)
        }
        return quantity.spread.map {
            .init(standardError: $0.standardError / value, degreesOfFreedom: $0.degreesOfFreedom)
        }
    }
}
