import Logging
import ProbeKit
import ProfileFormat
import Statistics
import SystemIO
import Workload

/// One profiling run: steps and windows in random order until every interval is narrow enough or the budget ends.
///
/// Two kinds of work alternate. Whole steps, with and without instruments, give the times: each layer is timed where
/// it runs, with the cache that its neighbours leave it. Loop windows, when there is a meter, give each pass's power:
/// a pass is repeated for about fifty counter updates, so that the counter's staleness at both ends weighs little and,
/// at random phase and constant power, cancels on average. Order is random within a cycle, so that heat and drift are
/// not blamed on particular layers; idle windows are spread over the run. Steps with and without instruments come in
/// pairs, one burst right after the other, so that parts and whole are compared under the same conditions; what
/// instruments cost is told by steps in which they are on by turns.
package final class Experiment {
    let step: any ProfiledStep
    let clock: any ExperimentClock
    var gauge: MeteredInterval
    let windowSeconds: Double
    /// Between updates of the counters; 0 where it is not known, and where a sensor is summed up.
    let updateSeconds: Double
    /// What a sensor of power shows is an average of the time before: as long as this after a change it may still show what
    /// was before. 0 for a counter of energy.
    let trailingSeconds: Double
    let longestWindowSeconds: Double
    let resolutionJoules: Double?
    let conditions: () -> BoxConditions
    let settings: ExperimentSettings
    let shouldStop: () -> Bool
    let progress: (Progress) -> Void
    let logger: Logger
    let start: MonotonicInstant
    var generator: SeededGenerator
    var record: ExperimentRecord
    /// When progress was told last; computing it takes longer than a short window.
    var lastReportSeconds = -1.0
    var stepsPlan = StoppingPlan()
    var powerPlans: [PowerSubject: StoppingPlan] = [:]
    /// What the cycle under way is planned to take, without its idle window.
    var cycleSeconds = 0.0
    /// The fastest warm-up time of every pass, in the order of a step: what durations are planned by.
    var plannedPassSeconds: [Double]
    /// What all tasks so far were planned to take.
    var plannedSeconds = 0.0
    var pairCount = 0
    /// Whether the next pair begins with the burst without instruments.
    var isPlainFirst: Bool
    /// Time that went into steps with instruments on by turns.
    var overheadSeconds = 0.0
    var overheadPlan = StoppingPlan()
    /// Steps that looks can be afforded in; the first is one.
    var stepsToSample = 1.0
    /// Looks at the counters within steps.
    var samplesTaken = (count: 0, seconds: 0.0)

    /// - Parameters:
    ///   - updates: how the meter's counters are updated, or `nil` when it is not known.
    ///   - conditions: looks at throttling and stolen time; called around every step and window.
    ///   - shouldStop: asked between passes that may be long; `true` ends the run with
    ///     ``KerfError/Code/interrupted``.
    package init(
        step: any ProfiledStep, clock: any ExperimentClock = SystemClock(), meter: (any EnergyMeter)? = nil,
        updates: CounterUpdates? = nil, settings: ExperimentSettings = ExperimentSettings(),
        conditions: @escaping () -> BoxConditions = { BoxConditions() },
        shouldStop: @escaping () -> Bool = { false }, progress: @escaping (Progress) -> Void = { _ in },
        logger: Logger = Logger(label: "kerf.profiling", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.step = step
        self.clock = clock
        self.gauge = MeteredInterval(clock: clock, meter: meter)
        gauge.longestWaitSeconds = max(gauge.longestWaitSeconds, 5 * (updates?.longestSeconds ?? 0))
        longestWindowSeconds = ExperimentSettings.longestWindowSeconds(meter, updates: updates)
        self.windowSeconds = settings.windowSeconds(
            updates: updates, passCount: step.passes.count, longest: longestWindowSeconds)
        self.updateSeconds = meter?.sampling == nil ? updates?.meanSeconds ?? 0 : 0
        self.trailingSeconds = 2 * (meter?.sampling?.refreshSeconds ?? 0)
        self.resolutionJoules = updates?.resolutionJoules
        self.conditions = conditions
        self.settings = settings
        self.shouldStop = shouldStop
        self.progress = progress
        self.logger = logger
        self.start = clock.now()
        self.plannedPassSeconds = Array(repeating: .infinity, count: step.passes.count)
        var generator = SeededGenerator(seed: settings.seed)
        self.isPlainFirst = Bool.random(using: &generator)
        self.generator = generator
        self.record = ExperimentRecord(passes: step.passes)
    }

    /// Runs to the end and returns all raw samples.
    ///
    /// - Throws: ``KerfError``; whatever the step throws. A meter that fails does not end the run: its energy is
    ///   dropped and ``ExperimentRecord/meterFailure`` says why.
    package func run() throws -> ExperimentRecord {
        record.overhead.secondsPerSpan = secondsPerSpan()
        record.overhead.secondsPerMeterRead = try metering { try secondsPerMeterRead() } ?? nil
        report("idle")
        try takeIdleWindow()
        for _ in 0..<ExperimentSettings.warmUpSteps {
            report("warm-up")
            try warmUp()
        }
        plannedSeconds = elapsedSeconds
        try perform(.pair)
        while !isSettled, try takeCycle() {}
        try takeIdleWindow()
        guard hasMinimumSamples else { throw disturbed() }
        return record
    }

    /// Performs the tasks of a cycle that the budget has time for.
    ///
    /// - Returns: whether there were any but the idle box's.
    private func takeCycle() throws -> Bool {
        logger.debug("cycle", metadata: ["at_seconds": "\(elapsedSeconds)", "steps": "\(record.steps.count)"])
        var isAnyPerformed = false
        for task in planCycle() {
            // Beyond the budget only what there is no result without.
            let isIndispensable = task == .pair && !hasMinimumSamples && !exceededRetryBudget
            guard isIndispensable || !isOver(before: task) else { continue }
            try perform(task)
            // Idle windows alone are no reason to go on.
            isAnyPerformed = isAnyPerformed || task != .idle
        }
        return isAnyPerformed
    }

    // MARK: - Tasks

    enum Task: Hashable {
        case pair, ownCost, idle
        case window(LayerPass)
    }

    private func perform(_ task: Task) throws {
        report("measuring")
        try checkpoint()
        plannedSeconds += planned(task)
        switch task {
        case .pair: try takePair()
        case .ownCost: try takeOverheadPairs()
        case .idle: try takeIdleWindow()
        case .window(let pass): try takeWindow(of: pass)
        }
    }
}
