import Calibration
public import Logging
public import ProbeKit
import Statistics
import TransformerKernels

/// One profiling run: steps and windows in random order until every interval is narrow enough or the budget ends.
///
/// Two kinds of work alternate. Whole steps, with and without instruments, give the times: each layer is timed where
/// it runs, with the cache that its neighbours leave it. Loop windows, when there is a meter, give each pass's power:
/// a pass is repeated for about fifty counter updates, so that the counter's staleness at both ends weighs little and,
/// at random phase and constant power, cancels on average. Order is random within a cycle, so that heat and drift are
/// not blamed on particular layers; idle windows are spread over the run.
public final class Experiment {
    let step: any ProfiledStep
    let clock: any ExperimentClock
    var gauge: CostGauge
    let windowSeconds: Double
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

    /// - Parameters:
    ///   - updates: how the meter's counters are updated, or `nil` when it is not known.
    ///   - conditions: looks at throttling and stolen time; called around every step and window.
    ///   - shouldStop: asked between passes that may be long; `true` ends the run with
    ///     ``ProfilingError/Code/interrupted``.
    public init(
        step: any ProfiledStep, clock: any ExperimentClock = SystemClock(), meter: (any EnergyMeter)? = nil,
        updates: CounterUpdates? = nil, settings: ExperimentSettings = ExperimentSettings(),
        conditions: @escaping () -> BoxConditions = { BoxConditions() },
        shouldStop: @escaping () -> Bool = { false }, progress: @escaping (Progress) -> Void = { _ in },
        logger: Logger = Logger(label: "kerf.profiling", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.step = step
        self.clock = clock
        self.gauge = CostGauge(clock: clock, meter: meter)
        gauge.longestWaitSeconds = max(gauge.longestWaitSeconds, 5 * (updates?.longestSeconds ?? 0))
        self.windowSeconds = settings.windowSeconds(updates: updates, passCount: step.passes.count)
        self.resolutionJoules = updates?.resolutionJoules
        self.conditions = conditions
        self.settings = settings
        self.shouldStop = shouldStop
        self.progress = progress
        self.logger = logger
        self.start = clock.now()
        self.generator = SeededGenerator(seed: settings.seed)
        self.record = ExperimentRecord(passes: step.passes)
    }

    /// Runs to the end and returns all raw samples.
    ///
    /// - Throws: ``ProfilingError``; whatever the step throws. A meter that fails does not end the run: its energy is
    ///   dropped and ``ExperimentRecord/meterFailure`` says why.
    public func run() throws -> ExperimentRecord {
        record.overhead.secondsPerSpan = secondsPerSpan()
        record.overhead.secondsPerMeterRead = try metering { try secondsPerMeterRead() } ?? nil
        report("idle")
        try takeIdleWindow(cycleSeconds: .infinity)
        for _ in 0..<ExperimentSettings.warmUpSteps {
            report("warm-up")
            _ = try InstrumentedStep.run(step, clock: clock, meter: nil, start: start, checkpoint: checkpoint)
        }
        // The warm-up leaves the step's duration, which the first cycle's plan needs.
        try takePlainSteps()
        try takeInstrumentedSteps()
        while !isDone {
            logger.debug(
                "cycle", metadata: ["at_seconds": "\(elapsedSeconds)", "steps": "\(record.steps.count)"])
            for task in planCycle() {
                try perform(task)
                if isOver && hasFewest { break }
            }
        }
        try takeIdleWindow(cycleSeconds: .infinity)
        guard hasFewest else { throw spoiled() }
        return record
    }

    // MARK: - Tasks

    enum Task: Hashable {
        case plainSteps, instrumentedSteps, idle
        case window(LayerPass)
    }

    /// One cycle in random order: windows for the passes whose power is not yet known well, steps for about as long.
    func planCycle() -> [Task] {
        var tasks: [Task] = []
        var windowsSeconds = 0.0
        if gauge.meter != nil {
            tasks.append(.idle)
            for pass in step.passes where settings.loopsPasses && !isPowerSettled(of: pass) {
                tasks.append(.window(pass))
                windowsSeconds += max(windowSeconds, typicalSeconds(of: pass)) + runUpSeconds(of: pass)
            }
        }
        let stepsSeconds = isBurst ? windowSeconds : record.steps.last?.seconds ?? windowSeconds
        let repeats = Int(min(8, max(1, windowsSeconds / (2 * stepsSeconds))))
        for _ in 0..<repeats { tasks += [.plainSteps, .instrumentedSteps] }
        cycleSeconds = windowsSeconds + 2 * Double(repeats) * stepsSeconds
        return tasks.shuffled(using: &generator)
    }

    private func perform(_ task: Task) throws {
        report("measuring")
        try checkpoint()
        switch task {
        case .plainSteps: try takePlainSteps()
        case .instrumentedSteps: try takeInstrumentedSteps()
        case .idle: try takeIdleWindow(cycleSeconds: cycleSeconds)
        case .window(let pass): try takeWindow(of: pass)
        }
    }
}
