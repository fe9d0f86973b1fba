import Quantities

/// What an assumption of the paper is worth on these boxes.
public struct AssumptionFinding: Codable, Sendable, Hashable {
    public enum Verdict: String, Codable, Sendable, Hashable {
        /// The deviation's whole interval is within ``AssumptionReport/tolerance``.
        case holds
        /// The whole interval is outside.
        case fails
        /// The interval reaches both within and outside: measure longer.
        case open
        /// Not told by these files.
        case untested
    }

    public var assumption: PaperAssumption
    public var statement: String
    /// Relative to what the assumption says; what exactly stands in its reason.
    public var deviation: Quantity
    public var verdict: Verdict
    /// What would be chosen by believing it, all else as measured; `nil` when untested.
    public var believedCut: Int?
    public var changesDecision: Bool?
    /// Cost of that choice less cost of the best, both by the fullest model, in the unit of U; `nil` when the choice is
    /// not possible.
    public var regret: Double?
    /// The same over the cost of the best; `nil` where that is zero.
    public var regretRatio: Double?
    /// Why the believed choice is not possible, such as memory.
    public var obstacle: String?
}

/// What one level of the ladder would choose.
public struct LevelChoice: Codable, Sendable, Hashable {
    public var level: ModelLevel
    /// `nil` where the level lacks figures; then the reason is given.
    public var cut: Int?
    public var frequencyHertz: Double?
    /// As this level sees it.
    public var delaySeconds: Double?
    public var serverEnergyJoules: Double?
    /// Of its choice, by the fullest level, as in ``AssumptionFinding/regret``.
    public var regret: Double?
    public var regretRatio: Double?
    public var obstacle: String?
    public var unavailable: String?
}
