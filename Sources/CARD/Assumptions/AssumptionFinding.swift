import Quantities

/// An assumption of the paper tested against the calibrations: how far the boxes deviate and what assuming it would
/// cost.
public struct AssumptionFinding: Codable, Sendable, Hashable {
    public enum Verdict: String, Codable, Sendable, Hashable {
        /// The deviation's whole interval is within ``tolerance``.
        case holds
        /// The deviation's whole interval is outside.
        case fails
        /// The interval lies partly inside and partly outside; a longer measurement is needed.
        case open
        /// These files do not contain the data.
        case untested
    }

    public var assumption: PaperAssumption
    public var statement: String
    /// Relative to what the assumption predicts; its reason says what was compared.
    public var deviation: Quantity
    public var verdict: Verdict
    /// The cut that would be chosen under the assumption, all else as measured; `nil` when untested.
    public var assumedCut: Int?
    public var changesDecision: Bool?
    /// Cost of that choice less cost of the best, both by level E, in the unit of U; `nil` when the choice is not
    /// possible.
    public var regret: Double?
    /// The regret over the cost of the best; `nil` where that is zero.
    public var regretRatio: Double?
    /// Why that choice is not possible, such as memory.
    public var obstacle: String?
}

/// The choice of one model level.
public struct LevelChoice: Codable, Sendable, Hashable {
    public var level: ModelLevel
    /// `nil` where the level lacks values; ``unavailable`` gives the reason.
    public var cut: Int?
    public var frequencyHertz: Double?
    /// Delay and energy are this level's own estimates.
    public var delaySeconds: Double?
    public var serverEnergyJoules: Double?
    /// Regret of the choice by level E, as in ``AssumptionFinding/regret``.
    public var regret: Double?
    public var regretRatio: Double?
    public var obstacle: String?
    public var unavailable: String?
}
