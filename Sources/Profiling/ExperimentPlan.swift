import ProbeKit
import ProfileFormat
import Statistics
import Workload

/// What an experiment does next, how long that is planned to take, and when it ends.
///
/// Planned durations come from the warm-up, and those of idle windows from the cycle. Nothing that is measured later
/// changes them.
struct ExperimentPlan: Sendable {
    enum Task: Hashable {
        case pair, interleaved, idle
        case window(LayerPass)
    }

    let timing: WindowTiming
    let passes: [LayerPass]
    private let settings: ExperimentSettings
    /// Becomes false when the meter fails.
    var isMetered: Bool
    /// Which instrumented steps read the meter.
    var sampling = SamplingPlan()
    private var stopping: StoppingRules
    /// The rules as they were at first.
    private let initialStopping: StoppingRules
    /// The fastest warm-up time of every pass, in the order of a step.
    private var passSeconds: [Double]
    /// What the cycle under way is planned to take, without its idle window.
    private var cycleSeconds = 0.0
    /// What all tasks so far were planned to take.
    private var plannedSeconds = 0.0
    private var pairCount = 0
    /// Whether the next pair begins with the burst without instruments.
    private var isPlainFirst: Bool
    /// Time that went into interleaved steps.
    private var overheadSeconds = 0.0

    /// Bursts of each kind from which on a cycle may go without steps. With fewer, Student's t makes the intervals of
    /// times wider than any window could make up for.
    private static let minimumBurstsBeforeWindows = 3
    /// Pairs in a cycle.
    private static let maximumPairs = 8.0

    init(
        passes: [LayerPass], settings: ExperimentSettings, meter: (any EnergyMeter)?, updates: CounterUpdates?,
        using generator: inout SeededGenerator
    ) {
        self.passes = passes
        isMetered = meter != nil
        timing = WindowTiming(settings: settings, meter: meter, updates: updates, passCount: passes.count)
        var settings = settings
        if timing.whyNotLooped != nil { settings.loopsPasses = false }
        self.settings = settings
        stopping = StoppingRules(
            settings: settings, meter: meter, resolutionJoules: updates?.resolutionJoules, passCount: passes.count)
        initialStopping = stopping
        passSeconds = Array(repeating: .infinity, count: passes.count)
        isPlainFirst = Bool.random(using: &generator)
    }

    // MARK: - Progress of the run

    /// Takes the times of a warm-up step's passes.
    mutating func add(warmUp seconds: [Double]) {
        for (place, seconds) in seconds.enumerated() {
            passSeconds[place] = min(passSeconds[place], max(1e-7, seconds))
        }
    }

    mutating func endWarmUp(atSeconds elapsed: Double) { plannedSeconds = elapsed }

    mutating func begin(_ task: Task) { plannedSeconds += seconds(of: task) }

    /// Number and order of the next pair of bursts. Which comes first alternates, from a random start, so that a steady
    /// drift cancels.
    mutating func nextPair() -> (number: Int, isPlainFirst: Bool) {
        defer {
            pairCount += 1
            isPlainFirst.toggle()
        }
        return (pairCount, isPlainFirst)
    }

    /// Number of the next burst of interleaved steps, which counts as a pair of its own.
    mutating func nextInterleaved() -> Int {
        defer { pairCount += 1 }
        return pairCount
    }

    /// Observations were taken back, so that what was known well may no longer be.
    mutating func forgetWhatIsSettled() { stopping = initialStopping }

    mutating func add(overheadSeconds seconds: Double) { overheadSeconds += seconds }

    /// Whether the next instrumented step reads the meter between its passes; see ``WindowTiming/readsWithinSteps``.
    mutating func nextStepSamples() -> Bool {
        guard timing.readsWithinSteps else { return false }
        return sampling.nextStepSamples(
            stepSeconds: stepSeconds, boundaries: passes.count + 1, isMetered: isMetered)
    }

    // MARK: - What is next

    /// The tasks of a cycle in random order: windows for the passes whose power is not yet known well; steps for about as
    /// long, or for as long as the budget leaves beside the windows.
    mutating func nextCycle(
        after record: ExperimentRecord, using generator: inout SeededGenerator
    ) -> [Task] {
        var tasks: [Task] = []
        for pass in passes where isMetered && settings.loopsPasses {
            if !stopping.isPowerSettled(of: pass, in: record) { tasks.append(.window(pass)) }
        }
        let windowsSeconds = tasks.reduce(0) { $0 + seconds(of: $1) }
        let pair = seconds(of: .pair)
        let interleavedLeft = interleavedTasksLeft(after: record)
        let interleaved = interleavedLeft > 0 ? seconds(of: .interleaved) : 0
        let wanted = max(1, min(Self.maximumPairs, windowsSeconds / pair))
        let affordable = max(0, (secondsLeft - windowsSeconds - seconds(of: .idle)) / (pair + interleaved))
        let needsSteps = tasks.isEmpty || record.minimumBurstCount < Self.minimumBurstsBeforeWindows
        let pairs = max(needsSteps ? 1 : 0, Int(min(wanted, affordable)))
        cycleSeconds = windowsSeconds + Double(pairs) * pair
        // The last cycle's windows may be the ones that make a power known, and an idle window follows it anyway.
        let isLast = cycleSeconds + seconds(of: .idle) > secondsLeft
        if isMetered && !(isLast && record.idleWindows.count >= 2) { tasks.append(.idle) }
        tasks += Array(repeating: .pair, count: pairs)
        tasks += Array(repeating: .interleaved, count: min(pairs, interleavedLeft))
        return tasks.shuffled(using: &generator)
    }

    /// Whether every quantity has as many observations as its plan asks for.
    mutating func isSettled(by record: ExperimentRecord) -> Bool {
        stopping.areTimesAndPowersSettled(in: record, precision: precision, isMetered: isMetered)
            && interleavedTasksLeft(after: record) == 0
    }

    /// Whether the budget has no time left for a task.
    ///
    /// By the plan, where the clock agrees within some percent. A run that ends by the clock ends one sample earlier
    /// where the samples happened to be long, so that the mean of those it has is too large (by up to a thousandth of a
    /// sample's spread with a handful of samples). What was planned before does not depend on that.
    func isOver(before task: Task, record: ExperimentRecord, elapsedSeconds elapsed: Double) -> Bool {
        let latest = settings.budgetSeconds - seconds(of: .idle) - seconds(of: task)
        return elapsed > 1.05 * latest || (elapsed > 0.9 * latest && plannedSeconds > latest)
            || record.layerTimes.first.map { $0.seconds.count >= ExperimentSettings.maximumSteps } ?? false
    }

    /// Whether a task is done beyond the budget: without two bursts of each kind there is no result, unless three budgets
    /// are gone and the box still disturbs every step.
    func isIndispensable(_ task: Task, record: ExperimentRecord, elapsedSeconds: Double) -> Bool {
        let exceededRetryBudget = elapsedSeconds >= 3 * settings.budgetSeconds && record.rejectedSteps >= 4
        return task == .pair && !record.hasMinimumSamples && !exceededRetryBudget
    }

    /// How many more interleaved tasks may be taken: none when the overhead is known within
    /// ``ExperimentSettings/overheadHalfWidth``, or learning it has had its share of the budget.
    private mutating func interleavedTasksLeft(after record: ExperimentRecord) -> Int {
        guard settings.measuresInstrumentationOverhead,
            record.instrumentationOverheadPairs.count < ExperimentSettings.maximumOverheadPairs,
            !stopping.isOverheadSettled(in: record)
        else { return 0 }
        let secondsLeft = ExperimentSettings.overheadShare * settings.budgetSeconds - overheadSeconds
        let maximum = Double(ExperimentSettings.maximumOverheadPairs)
        return Int(max(0, min(maximum, secondsLeft / seconds(of: .interleaved))))
    }

    // MARK: - Planned durations

    /// How well times have to be known.
    var precision: TimePrecision { TimePrecision(settings: settings, stepSeconds: stepSeconds) }

    /// The widest intervals of times and, with a meter, of powers; the widest first, of equal ones in the order of a step.
    func intervals(of record: ExperimentRecord, count: Int) -> [PassPrecision] {
        let all = precision.passes(of: record) + (isMetered ? stopping.powerPrecision(of: record) : [])
        let order = Dictionary(zip(passes, passes.indices)) { first, _ in first }
        let sorted = all.sorted { left, right in
            if left.relativeHalfWidth != right.relativeHalfWidth {
                return left.relativeHalfWidth > right.relativeHalfWidth
            }
            return (order[left.pass] ?? 0, left.value.rawValue) < (order[right.pass] ?? 0, right.value.rawValue)
        }
        return Array(sorted.prefix(count))
    }

    /// Whether steps are so short that several are taken together.
    var isBurst: Bool { stepSeconds < timing.windowSeconds }

    var stepSeconds: Double { passSeconds.reduce(0, +) }

    /// The work of an idle window: about a quarter as long as the work of a cycle. The first takes a share of the budget.
    var idleSeconds: Double {
        timing.idleSeconds(share: cycleSeconds > 0 ? cycleSeconds / 4 : settings.budgetSeconds / 20)
    }

    func runUpSeconds(of pass: LayerPass) -> Double { timing.runUpSeconds(passSeconds: seconds(of: pass)) }

    private func seconds(of pass: LayerPass) -> Double {
        passes.firstIndex(of: pass).map { passSeconds[$0] } ?? timing.windowSeconds
    }

    private func seconds(of task: Task) -> Double {
        let step = stepSeconds
        switch task {
        case .pair: return 2 * (warmingSeconds + edgesSeconds + filling(step))
        case .interleaved: return warmingSeconds + (isBurst ? filling(2 * step) : 2 * step)
        case .idle: return isMetered ? timing.restSeconds + edgesSeconds + idleSeconds : 0
        case .window(let pass):
            let seconds = seconds(of: pass)
            let runUp = runUpSeconds(of: pass)
            return (runUp > 0 ? repeating(seconds, until: runUp, spread: timing.spreadSeconds) : 0) + edgesSeconds
                + filling(seconds)
        }
    }

    /// What the plan leaves of the budget, without the idle window at the end.
    private var secondsLeft: Double { settings.budgetSeconds - seconds(of: .idle) - plannedSeconds }

    /// Steps before a burst that are not recorded.
    private var warmingSeconds: Double {
        let trailing = timing.trailingSeconds
        return isBurst || trailing > 0 ? repeating(stepSeconds, until: trailing, spread: 0) : 0
    }

    /// What work of a length takes when it is repeated until a window is full.
    private func filling(_ seconds: Double) -> Double {
        guard seconds < timing.windowSeconds else { return seconds }
        return repeating(seconds, until: timing.windowSeconds - timing.spreadSeconds, spread: timing.spreadSeconds)
    }

    /// What work of a length takes when it is repeated, once at least, until a time is over that lies anywhere from
    /// `minimum` to `spread` more. Repeats are whole, so that work of nine tenths of the time takes nearly twice as long.
    private func repeating(_ seconds: Double, until minimum: Double, spread: Double) -> Double {
        let places = spread > 0 ? 8 : 1
        let repeats = (0..<places).reduce(0.0) { sum, place in
            let until = minimum + spread * (Double(place) + 0.5) / Double(places)
            return sum + max(1, (until / seconds).rounded(.up))
        }
        return seconds * repeats / Double(places)
    }

    /// Polling for a window's three updates: for the first two half an update on average, since the work's length varies
    /// by more than one, and one update for the last.
    private var edgesSeconds: Double { isMetered ? 2 * timing.updateSeconds : 0 }
}
