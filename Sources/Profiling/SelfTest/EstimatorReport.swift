public import Calibration
public import ProbeKit
public import Statistics

/// How near the estimator came to what was planted, over many trials: what `kerf selftest estimator` writes.
///
/// All of it is simulated. Errors are relative: (estimate - truth) / truth.
public struct EstimatorReport: Codable, Sendable, KerfFile {
    public static let schema = "kerf.selftest"
    public static let schemaVersion = 1
    public static var remedy: String { "run kerf selftest estimator --json" }

    /// Whether the estimator kept its word.
    public enum Verdict: String, Codable, Sendable {
        /// Intervals cover the truth at least as often as they say, and there is no bias beyond three standard errors (more in a few trials).
        case right
        /// It gave no figure in most trials, and said why.
        case refused
        /// It gave figures that are not what they claim to be.
        case wrong
    }

    /// What the replayed intervals are.
    public struct Counter: Codable, Sendable {
        public var file: String
        public var column: String
        public var skippedRows: Int
        public var updates: CounterUpdates
    }

    public struct Settings: Codable, Sendable {
        public var budgetSeconds: Double
        public var targetRelativeHalfWidth: Double
        public var confidence: Double
        public var trials: Int
        public var seed: Int
    }

    /// One quantity over all trials that gave a figure for it.
    public struct Result: Codable, Sendable {
        public var truthJoules: Double
        /// Trials that gave a figure.
        public var answered: Int
        public var medianAbsoluteError: Double?
        public var bias: Double?
        public var biasStandardError: Double?
        /// Share of the stated intervals that hold the truth, and the standard error of that share.
        public var coverage: Double?
        public var coverageStandardError: Double?
        public var medianRelativeHalfWidth: Double?
    }

    public struct Refusal: Codable, Sendable, Equatable {
        public var reason: String
        public var count: Int
    }

    public var schema: String = EstimatorReport.schema
    public var schemaVersion: Int = EstimatorReport.schemaVersion
    public var kerfVersion: String
    public var origin = Origin.simulated
    public var subject = "estimator"
    public var counter: Counter
    public var planted: PlantedTruth
    public var settings: Settings
    public var gross: Result
    public var net: Result
    /// Virtual time until the target was reached or the budget ended: median, and what 95 of 100 trials stay within.
    public var medianSecondsNeeded: Double
    public var percentile95SecondsNeeded: Double
    public var medianWindows: Double
    /// Why trials gave no gross figure, without the numbers in the reasons.
    public var refusals: [Refusal]
    /// Windows that were rejected, over all trials.
    public var rejections: [Rejection]
    public var verdict: Verdict
    /// What was found wrong, why it was refused, or which intervals are wider than they need be; one sentence each.
    public var findings: [String]
}
