import ProfileFormat
import Quantities
import SystemIO

/// How near the estimator came to what was planted, over many trials: what `kerf selftest estimator` writes.
///
/// All of it is simulated. Errors are relative: (estimate - truth) / truth.
package struct EstimatorReport: Codable, Sendable, KerfFile {
    package static let schema = "kerf.selftest"
    package static let schemaVersion = 2
    package static let oldestReadableVersion = 1
    package static var remedy: Remedy { "run kerf selftest estimator --json" }

    /// Whether the estimator kept its word.
    package enum Verdict: String, Codable, Sendable {
        /// Intervals cover the truth at least as often as they say, and there is no bias beyond three standard errors (more in a few trials).
        case right
        /// It gave no figure in most trials, and said why.
        case refused
        /// It gave figures that are not what they claim to be.
        case wrong
    }

    /// What the replayed intervals are.
    package struct Counter: Codable, Sendable {
        package var file: String
        package var column: String
        package var skippedRows: Int
        package var updates: CounterUpdates
    }

    package struct Settings: Codable, Sendable {
        package var budgetSeconds: Double
        package var targetRelativeHalfWidth: Double
        package var confidence: Double
        package var trials: Int
        package var seed: Int
    }

    /// One quantity over all trials that gave a figure for it.
    package struct Result: Codable, Sendable {
        package var truthJoules: Double
        /// Trials that gave a figure.
        package var answered: Int
        package var medianAbsoluteError: Double?
        package var bias: Double?
        package var biasStandardError: Double?
        /// Share of the stated intervals that hold the truth, and the standard error of that share.
        package var coverage: Double?
        package var coverageStandardError: Double?
        package var medianRelativeHalfWidth: Double?
    }

    package struct Refusal: Codable, Sendable, Equatable {
        package var reason: String
        package var count: Int
    }

    package var schema: String = EstimatorReport.schema
    package var schemaVersion: Int = EstimatorReport.schemaVersion
    package var kerfVersion: String
    package var origin = Origin.simulated
    package var subject = "estimator"
    package var counter: Counter
    package var groundTruth: GroundTruth
    package var settings: Settings
    package var gross: Result
    package var net: Result
    /// Virtual time until the target was reached or the budget ended: median, and what 95 of 100 trials stay within.
    package var medianSecondsNeeded: Double
    package var percentile95SecondsNeeded: Double
    package var medianWindows: Double
    /// Why trials gave no gross figure, without the numbers in the reasons.
    package var refusals: [Refusal]
    /// Windows that were rejected, over all trials.
    package var rejections: [Rejection]
    package var verdict: Verdict
    /// What was found wrong, why it was refused, or which intervals are wider than they need be; one sentence each.
    package var findings: [String]
}

extension EstimatorReport {
    package static func renamedKeys(from version: Int) -> [String: String] { ["planted": "ground_truth"] }
}
