import ProfileFormat
import Quantities
import SystemIO

/// Where to cut the model and how fast the server should run, with all alternatives.
public struct Decision: Codable, Sendable, KerfFile {
    public static let schema = "kerf.decision"
    public static let schemaVersion = 2
    public static let oldestReadableVersion = 1
    public static var remedy: Remedy { "run kerf decide first" }

    public static func renamedKeys(from version: Int) -> [String: String] {
        [
            "rung": "level", "rungs": "levels", "believed_cut": "assumed_cut",
            "delay_normaliser_seconds": "delay_normalizer_seconds",
            "energy_normaliser_joules": "energy_normalizer_joules",
        ]
    }

    public var schema: String = Decision.schema
    public var schemaVersion: Int = Decision.schemaVersion
    public var kerfVersion: String
    /// What is split; `nil` for training.
    public var task: SplitTask?
    /// Whether the decision can be relied on; `nil` in files of version 1.
    public var verdict: Verdict?
    public var level: ModelLevel
    /// Which of the server's joules count.
    public var energyAccount: EnergyAccount
    public var energyScope: EnergyScope
    /// Weight of delay, 0 to 1; the rest is the weight of energy.
    public var weight: Double
    /// Local steps of a round, or requests in inference; all values below are per round.
    public var steps: Int
    public var link: Link
    public var limits: CutLimits
    public var microBatches: Int
    /// What is sent; `nil` in older files.
    public var exchange: CutExchange?
    public var device: DecisionSide
    public var server: DecisionSide
    public var modelName: String
    /// L: cuts go from 0 to this.
    public var blockCount: Int
    public var delayNormalizerSeconds: Normalizer
    public var energyNormalizerJoules: Normalizer
    /// All cuts in order, each at its best server frequency.
    public var cuts: [DecidedCut]
    public var choice: Choice
    public var baselines: [Baseline]
    /// `nil` where no value that affects the costs has an interval.
    public var confidence: Confidence?
    /// The Pareto front as the weight goes from 0 to 1; empty without values of energy.
    public var front: [FrontPoint]
    /// The choice of each model level, with its regret by level E.
    public var levels: [LevelChoice]
    /// Tests of the paper's assumptions.
    public var findings: [AssumptionFinding]
    /// Assumptions of the model that decided, one sentence each.
    public var assumptions: [String]
    /// Warnings, one sentence each.
    public var warnings: [String]
}

/// The calibration of one side.
public struct DecisionSide: Codable, Sendable, Hashable {
    /// SHA-256 of the calibration's file.
    public var calibrationSha256: String
    public var cpuModel: String
    /// The virtual board that replaced the meters.
    public var virtualBoard: String?
    public var runningHertz: Quantity
    /// The calibration's closure; `nil` in files of version 1.
    public var closure: Closure?
}

/// A cut at one server frequency.
public struct DecidedCut: Codable, Sendable, Hashable {
    public var cut: Int
    /// The server's frequency; unavailable where the box does not report it.
    public var frequencyHertz: Quantity
    public var delaySeconds: Quantity
    /// Parts of the delay, of its origin. They have no intervals of their own, since their errors are correlated.
    public var delayParts: DelayParts
    /// The server's energy.
    public var serverEnergyJoules: Quantity
    /// The cost U, dimensionless.
    public var cost: Double
    /// Why it may not be chosen, such as memory; `nil` when it may.
    public var exclusion: String?
}

/// The cut of least cost.
public struct Choice: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable {
        case serverOnly = "server_only"
        case split
        case deviceOnly = "device_only"
    }

    public var cut: Int
    public var kind: Kind
    /// All cuts of equal cost, the chosen one included. The chosen one spends the least server energy among them.
    public var tiedCuts: [Int]
}

/// A fixed alternative, and what the choice saves compared with it.
public struct Baseline: Codable, Sendable, Hashable {
    /// Server-only runs at the highest frequency.
    public var kind: Choice.Kind
    public var at: DecidedCut
    /// (Baseline - choice) / baseline in per cent; negative where the choice costs more; absent where the baseline is
    /// zero or not known.
    public var delaySavingPercent: Double?
    public var energySavingPercent: Double?
}
