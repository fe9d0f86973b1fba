/// How an experiment is run.
public struct ExperimentSettings: Sendable, Hashable {
    /// Time for the whole run, warm-up included. The fewest observations that allow an interval are taken even when
    /// they need longer.
    public var budgetSeconds: Double
    /// Relative half width of a confidence interval at which a quantity is good enough: 0.02 for 2 %.
    public var targetRelativeHalfWidth: Double
    public var confidence: Double
    public var seed: UInt64
    /// Whether each pass is repeated alone for its power; a sweep over the clock needs the whole step's only.
    public var loopsPasses: Bool

    public init(
        budgetSeconds: Double = 60, targetRelativeHalfWidth: Double = 0.02, confidence: Double = 0.95, seed: UInt64 = 1,
        loopsPasses: Bool = true
    ) {
        self.budgetSeconds = budgetSeconds
        self.targetRelativeHalfWidth = targetRelativeHalfWidth
        self.confidence = confidence
        self.seed = seed
        self.loopsPasses = loopsPasses
    }

    /// Steps that are run and thrown away: page faults, first-touch allocation, clocks going up.
    static let warmUpSteps = 2
    /// The fewest observations after which a quantity may count as known well. Looking again and again whether an
    /// interval is narrow yet finds it too narrow too often; more observations and two looks in a row make that rare.
    static let minimumSamples = 10
    static let consecutiveLooks = 2
    /// Time between two looks.
    static let lookSeconds = 0.5
    /// The fewest windows after which a power may count as known well.
    static let minimumWindows = 5
    /// Most instrumented steps: beyond that a profile grows and its intervals hardly narrow.
    static let mostSteps = 2000
    /// An energy window spans at least this many counter updates. An unaligned window is off by up to one update at
    /// each end; at random phase that averages out over windows, and many windows of middling length give a narrower
    /// interval in the same time than few long ones, since Student's t is wide for few.
    static let updatesPerWindow = 50.0
    /// The window when the update interval is not known, and the shortest one.
    static let shortestWindowSeconds = 0.05
    /// Most steps taken together when they are short, unless an energy window needs more.
    static let longestBurst = 20
    static let idleWindowSeconds = 0.25
}
