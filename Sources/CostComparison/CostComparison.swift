import Calibration
import ProfileFormat
import Quantities
import SystemIO

/// `comparison.json`: the costs of one workload as several profiles or calibrations have them, each beside a baseline.
///
/// A pure function of those files, without a timestamp. The intervals of all ratios hold together: see ``ErrorBudget``.
package struct CostComparison: Codable, Sendable, Hashable, KerfFile {
    package static let schema = "kerf.comparison"
    package static let schemaVersion = 1
    package static var remedy: Remedy { "compare two profiles or calibrations first" }

    package var schema: String = CostComparison.schema
    package var schemaVersion: Int = CostComparison.schemaVersion
    package var kerfVersion: String
    /// The weakest origin of the ratios.
    package var origin: Origin
    /// The baseline's model. The others' is the same but for the weights.
    package var model: ModelDescription
    /// The baseline's workload. The others' is the same but for the threads.
    package var workload: WorkloadDescription
    package var errorBudget: ErrorBudget
    /// The relative difference that a comparison should be able to show, 0.05 for 5 %: where a cost's interval holds 1 and
    /// a difference of this size could have been missed, the verdict is ``Verdict/tooUncertain``.
    package var resolutionRatio: Double
    /// Declared standard deviation between runs, relative to a cost, that is added to the error of a side of one profile;
    /// `nil` where none was declared.
    package var betweenRunsRatio: Double?
    /// The baseline first.
    package var sides: [ComparedSide]
    /// One for each side but the baseline, in their order.
    package var comparisons: [SideComparison]
    /// Sentences that hold for all.
    package var warnings: [String]

    package var baseline: ComparedSide { sides[0] }

    /// - Throws: ``KerfError/Code/malformed`` for a comparison of a side that the file does not have.
    package func check(named name: String) throws(KerfError) {
        guard !sides.isEmpty, comparisons.allSatisfy({ sides.indices.contains($0.side) }) else {
            throw KerfError(
                .malformed, at: name, "a comparison of a side that is not in the file (damaged or edited)",
                remedy: "make the file again")
        }
    }

    /// The rows whose whole interval lies above a ratio, by comparison.
    package func rows(above ratio: Double) -> [(comparison: SideComparison, row: ComparedRow)] {
        comparisons.flatMap { comparison in
            comparison.rows.filter { ($0.ratio.lower ?? 0) > ratio }.map { (comparison, $0) }
        }
    }
}

/// How the error of all intervals is shared; see ``Bonferroni``.
package struct ErrorBudget: Codable, Sendable, Hashable {
    package enum Method: String, Codable, Sendable, Hashable {
        case bonferroni
    }

    package struct Share: Codable, Sendable, Hashable {
        package var family: ComparedPart.Family
        /// Ratios of the family, of all comparisons together.
        package var ratios: Int
        /// The probability that the interval of one of them misses its true ratio.
        package var errorRate: Double
    }

    package var method: Method
    /// Lower bound of the simultaneous coverage: the probability that no interval misses its true ratio.
    package var confidence: Double
    /// Families that have ratios, in their order; each has an equal share of the error.
    package var shares: [Share]

    /// All ratios that are compared.
    package var ratios: Int { shares.reduce(0) { $0 + $1.ratios } }
}

/// A side compared with the baseline.
package struct SideComparison: Codable, Sendable, Hashable {
    /// The place of the side among ``CostComparison/sides``, 1 or more.
    package var side: Int
    package var betweenRuns: BetweenRuns
    /// By part and value: the whole step, the kinds of layer, each block, the kernels.
    package var rows: [ComparedRow]
    /// What else differs, and what the intervals hold; one sentence each.
    package var notes: [String]

    package func row(_ part: ComparedPart, _ value: ComparedValue) -> ComparedRow? {
        rows.first { $0.part == part && $0.value == value }
    }

    /// Rows whose interval excludes 1.
    package var differences: [ComparedRow] { rows.filter(\.verdict.isDifference) }
}

/// Where the intervals of a comparison have the variation between runs from.
package enum BetweenRuns: String, Codable, Sendable, Hashable, CaseIterable {
    /// From the several profiles of both sides.
    case measured
    /// From the several profiles of one side, and taken to be the same for the other, which is one profile.
    case borrowed
    /// As declared, for each side of one profile.
    case declared
    /// Both sides are one profile: the intervals hold what varies within a run only.
    case notIncluded = "not_included"
    /// Both sides are the same profiles.
    case sameProfiles = "same_profiles"
}
