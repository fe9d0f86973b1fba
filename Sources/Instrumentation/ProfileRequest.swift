import CPUFreq

/// The parameters of a profiling run.
package struct ProfileRequest: Sendable {
    package var workload: TrainingWorkload
    package var meter: MeterRequest
    /// Frequencies to sweep; `nil` for none.
    package var frequencies: FrequencyChoice?
    /// Time for the run, warm-up included.
    package var budgetSeconds: Double
    /// Time for the sweep; `nil` for as long as the run.
    package var sweepBudgetSeconds: Double?
    /// Relative half width of the 95 % interval at which a time is good enough: 0.02 for 2 %.
    package var targetRelativeHalfWidth: Double
    /// Seed of the order, the tokens and random weights.
    package var seed: Int
    /// Whether a run without an energy meter is an error.
    package var requiresEnergy: Bool
    /// Whether windows are kept in which threads waited for a processor that others used, other virtual machines included.
    package var ignoresLoad: Bool

    package init(
        workload: TrainingWorkload, meter: MeterRequest = MeterRequest(), frequencies: FrequencyChoice? = nil,
        budgetSeconds: Double = 60, sweepBudgetSeconds: Double? = nil, targetRelativeHalfWidth: Double = 0.02,
        seed: Int = 1, requiresEnergy: Bool = false, ignoresLoad: Bool = false
    ) {
        self.workload = workload
        self.meter = meter
        self.frequencies = frequencies
        self.budgetSeconds = budgetSeconds
        self.sweepBudgetSeconds = sweepBudgetSeconds
        self.targetRelativeHalfWidth = targetRelativeHalfWidth
        self.seed = seed
        self.requiresEnergy = requiresEnergy
        self.ignoresLoad = ignoresLoad
    }
}
