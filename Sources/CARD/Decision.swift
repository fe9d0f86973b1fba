import Quantities
import SystemIO

/// Where to cut the model and how fast the server should run, with every alternative that was weighed.
public struct Decision: Codable, Sendable, KerfFile {
    public static let schema = "kerf.decision"
    public static let schemaVersion = 1
    public static var remedy: Remedy { "run kerf decide first" }

    public var schema: String = Decision.schema
    public var schemaVersion: Int = Decision.schemaVersion
    public var kerfVersion: String
    public var level: ModelLevel
    /// Which of the server's joules count.
    public var energyAccount: EnergyAccount
    public var energyScope: EnergyScope
    /// Of delay; the rest is energy's.
    public var weight: Double
    /// Local steps of a round; every figure below is for one round.
    public var steps: Int
    public var link: Link
    public var limits: CutLimits
    public var microBatches: Int
    public var device: DecisionSide
    public var server: DecisionSide
    public var modelName: String
    /// L: cuts go from 0 to this.
    public var blockCount: Int
    public var delayNormaliserSeconds: Normalizer
    public var energyNormaliserJoules: Normalizer
    /// All cuts in order, each at its best server clock.
    public var cuts: [DecidedCut]
    public var choice: Choice
    public var baselines: [Baseline]
    /// How sure the choice is; `nil` where nothing that it was computed from has an interval.
    public var confidence: Confidence?
    /// The undominated decisions as the weight goes from 0 to 1; empty without figures of energy.
    public var front: [FrontPoint]
    /// What each level of the ladder would choose, and its regret by the fullest.
    public var levels: [LevelChoice]
    /// The assumptions of the paper, each tested.
    public var findings: [AssumptionFinding]
    /// What the figures rest on, one sentence each.
    public var assumptions: [String]
    /// What a reader should know before following the decision, one sentence each.
    public var warnings: [String]
}

/// One side's calibration.
public struct DecisionSide: Codable, Sendable, Hashable {
    /// Of the calibration's bytes.
    public var calibrationSha256: String
    public var cpuModel: String
    /// The virtual board that stood in for the meters.
    public var virtualBoard: String?
    public var runningHertz: Quantity
}

/// A cut at one server clock.
public struct DecidedCut: Codable, Sendable, Hashable {
    public var cut: Int
    /// The server's clock; unavailable where the box does not tell it.
    public var frequencyHertz: Quantity
    public var delaySeconds: Quantity
    /// Computed together with the delay: of its origin, and without intervals of their own, as their errors move
    /// together.
    public var delayParts: DelayParts
    /// The server's energy.
    public var serverEnergyJoules: Quantity
    /// U, without unit.
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
    /// All cuts that cost the same, the chosen one included; it spends the least of the server's energy among them.
    public var tiedCuts: [Int]
}

/// What would be done without deciding, and what the decision saves against it.
public struct Baseline: Codable, Sendable, Hashable {
    /// Server-only runs at the highest clock.
    public var kind: Choice.Kind
    public var at: DecidedCut
    /// (Baseline - choice) / baseline in per cent; negative where the choice costs more; absent where the baseline is
    /// zero or not known.
    public var delaySavingPercent: Double?
    public var energySavingPercent: Double?
}
