import ProbeKit
import ProfileFormat

/// How an experiment is run.
package struct ExperimentSettings: Sendable, Hashable {
    /// Time for the whole run, warm-up included. The fewest observations that allow an interval are taken even when
    /// they need longer.
    package var budgetSeconds: Double
    /// Relative half width of a confidence interval at which a quantity is good enough: 0.02 for 2 %.
    package var targetRelativeHalfWidth: Double
    package var confidence: Double
    package var seed: UInt64
    /// Whether each pass is repeated alone for its power; a sweep over the clock needs the whole step's only.
    package var loopsPasses: Bool
    /// Whether steps are taken with instruments on by turns, to learn what they cost.
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

    /// Steps that are run and thrown away: page faults, first-touch allocation, clocks going up.
    static let warmUpSteps = 2
    /// Most instrumented steps: beyond that a profile grows and its intervals hardly narrow.
    static let mostSteps = 2000
    /// Steps whose counter readings are kept for in-situ attribution.
    static let mostTraces = 400
    /// An energy window spans this many counter updates where the budget allows. Its ends are aligned to updates, so
    /// that few would do on a perfect counter; many windows of middling length give a narrower interval in the same
    /// time than few long ones, since Student's t is wide for few.
    static let updatesPerWindow = 50.0
    /// The window when the update interval is not known, and the shortest one.
    static let shortestWindowSeconds = 0.05
    /// Most instrumented steps of one burst that are kept, and most steps taken together with no window to fill.
    static let longestBurst = 20
    static let idleWindowSeconds = 0.25
    /// What looks at the meter may cost of a step's time, each as it takes within steps.
    static let samplingShare = 0.001
    /// The half width at which the harness's own cost in time is known well enough, and the share of the budget that
    /// learning it may take.
    static let overheadHalfWidth = 0.001
    static let overheadShare = 0.25
    /// Most pairs of steps with instruments on by turns.
    static let maximumOverheadPairs = 1000

    /// The length of windows on a counter: long enough for many updates, and short enough that the budget holds ten of
    /// each pass.
    ///
    /// - Parameter longest: what a window may last without a counter's wraps becoming ambiguous; see
    ///   ``longestWindowSeconds(_:updates:)``.
    func windowSeconds(updates: CounterUpdates?, passCount: Int, longest: Double = .infinity) -> Double {
        let wanted = (updates?.meanSeconds ?? 0) * Self.updatesPerWindow
        let affordable = budgetSeconds / Double(10 * (passCount + 2))
        return min(longest, max(Self.shortestWindowSeconds, min(wanted, affordable)))
    }

    /// What a window may last between its edges so that the counters of the total cannot have wrapped twice. A meter whose
    /// counters wrap in a few updates has no such length: its windows are refused.
    static func longestWindowSeconds(_ meter: (any EnergyMeter)?, updates: CounterUpdates?) -> Double {
        guard let meter, let updates else { return .infinity }
        // The wait for both edges is part of the window.
        let longest =
            0.9 * (meter.tree.counted.map(\.unambiguousSeconds).min() ?? .infinity) - 4 * updates.longestSeconds
        return longest > 4 * updates.longestSeconds ? longest : .infinity
    }
}
