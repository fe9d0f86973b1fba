/// How an experiment is run.
package struct ExperimentSettings: Sendable, Hashable {
    /// Time for the whole run, warm-up included. The minimum number of observations that gives an interval is taken even
    /// when it needs longer.
    package var budgetSeconds: Double
    /// Relative half width of a confidence interval at which a quantity is known well enough: 0.02 for 2 %.
    package var targetRelativeHalfWidth: Double
    package var confidence: Double
    package var seed: UInt64
    /// Whether each pass is repeated alone for its power. A frequency sweep needs the power of whole steps only.
    package var loopsPasses: Bool
    /// Whether interleaved steps are taken, which show what instruments cost.
    package var measuresInstrumentationOverhead: Bool

    package init(
        budgetSeconds: Double = 60, targetRelativeHalfWidth: Double = 0.02, confidence: Double = 0.95, seed: UInt64 = 1,
        loopsPasses: Bool = true, measuresInstrumentationOverhead: Bool = true
    ) {
        self.budgetSeconds = budgetSeconds
        self.targetRelativeHalfWidth = targetRelativeHalfWidth
        self.confidence = confidence
        self.seed = seed
        self.loopsPasses = loopsPasses
        self.measuresInstrumentationOverhead = measuresInstrumentationOverhead
    }

    /// Steps that are run and discarded: page faults, first-touch allocation, rising frequencies.
    static let warmUpSteps = 2
    /// Instrumented steps in a profile. With more, the file grows and its intervals hardly narrow.
    static let maximumSteps = 2000
    /// Steps whose counter readings are kept for in-situ attribution.
    static let maximumTraces = 400
    /// Instrumented steps that are kept of one burst, and steps taken together where there is no window to fill.
    static let maximumBurst = 20
    /// Share of a step's time that reading the meter between its layers may cost.
    static let samplingShare = 0.001
    /// The half width at which the instrumentation overhead in time is known well enough.
    static let overheadHalfWidth = 0.001
    /// Share of the budget that learning the instrumentation overhead may take.
    static let overheadShare = 0.25
    /// Pairs of interleaved steps.
    static let maximumOverheadPairs = 1000
}
