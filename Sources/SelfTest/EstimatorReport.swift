import ProfileFormat
import Quantities
import SystemIO

/// Errors of the estimator against the ground truth over many trials, as `kerf selftest estimator` writes them.
///
/// All values are simulated. Errors are relative: (estimate - truth) / truth.
package struct EstimatorReport: Codable, Sendable, KerfFile {
    package static let schema = "kerf.selftest"
    package static let schemaVersion = 2
    package static let oldestReadableVersion = 1
    package static var remedy: Remedy { .runEstimatorSelfTest }

    /// Whether intervals have the coverage that they state, and whether there is a bias.
    package enum Verdict: String, Codable, Sendable {
        /// Intervals cover the truth at least as often as they state, and the bias is within three standard errors (more
        /// in a few trials).
        case right
        /// Most trials gave no value, with the reason.
        case refused
        /// There is a bias, or intervals cover the truth too rarely.
        case wrong
    }

    /// The counter whose update intervals are replayed.
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

    /// One quantity over all trials that gave a value for it.
    package struct Result: Codable, Sendable {
        package var truthJoules: Double
        /// Trials that gave a value.
        package var answered: Int
        package var medianAbsoluteError: Double?
        package var bias: Double?
        package var biasStandardError: Double?
        /// Share of the intervals that hold the truth, and the standard error of that share.
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
    /// Virtual time until the target was reached or the budget ended: median and 95th percentile.
    package var medianSecondsNeeded: Double
    package var percentile95SecondsNeeded: Double
    package var medianWindows: Double
    /// Why trials gave no value. Reasons that differ in their numbers only are one.
    package var refusals: [Refusal]
    /// Windows that were rejected, over all trials.
    package var rejections: [Rejection]
    package var verdict: Verdict
    /// What is wrong, why trials gave no value, or which intervals are too wide; one sentence each.
    package var findings: [String]
}

extension EstimatorReport {
    package static func renamedKeys(from version: Int) -> [String: String] { ["planted": "ground_truth"] }
}
