import ProfileFormat
import Workload

/// What is done next, what it is planned to take, and whether the budget has time for it.
///
/// Plans go by the warm-up, and by the idle windows' share of a cycle; nothing that was measured after it moves them.
extension Experiment {
    /// Bursts of each kind from which on a cycle may go without steps: with fewer, Student's t makes the times' intervals
    /// wider than any window could make up for.
    private static let fewestBurstsBeforeWindows = 3

    /// One cycle in random order: windows for the passes whose power is not yet known well, steps for about as long, or for
    /// as long as the budget leaves beside the windows.
    func planCycle() -> [Task] {
        let isMetered = gauge.meter != nil
        var tasks = step.passes.filter { isMetered && settings.loopsPasses && !isPowerSettled(of: $0) }.map(Task.window)
        let windowsSeconds = tasks.reduce(0) { $0 + planned($1) }
        let pair = planned(.pair)
        let ownCostTasks = overheadTasksLeft()
        let ownCost = ownCostTasks > 0 ? planned(.ownCost) : 0
        let wanted = max(1, min(8, windowsSeconds / pair))
        let affordable = max(0, (secondsLeft - windowsSeconds - planned(.idle)) / (pair + ownCost))
        let needsSteps = tasks.isEmpty || burstsOfEachKind < Self.fewestBurstsBeforeWindows
        let pairs = max(needsSteps ? 1 : 0, Int(min(wanted, affordable)))
        cycleSeconds = windowsSeconds + Double(pairs) * pair
        // The last cycle's windows may be the ones that make a power known, and an idle window follows it anyway.
        let isLast = cycleSeconds + planned(.idle) > secondsLeft
        if isMetered && !(isLast && record.idleWindows.count >= 2) { tasks.append(.idle) }
        tasks += Array(repeating: .pair, count: pairs)
        tasks += Array(repeating: .ownCost, count: min(pairs, ownCostTasks))
        return tasks.shuffled(using: &generator)
    }

    /// What a task is planned to take.
    func planned(_ task: Task) -> Double {
        let step = plannedStepSeconds
        switch task {
        case .pair: return 2 * (warmingSeconds + edgesSeconds + filling(step))
        case .ownCost: return warmingSeconds + (isBurst ? filling(2 * step) : 2 * step)
        case .idle: return gauge.meter == nil ? 0 : restSeconds + edgesSeconds + idleSeconds
        case .window(let pass):
            let seconds = plannedSeconds(of: pass)
            let runUp = runUpSeconds(of: pass)
            return (runUp > 0 ? repeating(seconds, until: runUp, spread: spreadSeconds) : 0) + edgesSeconds
                + filling(seconds)
        }
    }

    /// What a pass is planned to take.
    func plannedSeconds(of pass: LayerPass) -> Double {
        step.passes.firstIndex(of: pass).map { plannedPassSeconds[$0] } ?? windowSeconds
    }

    /// What a whole step is planned to take.
    var plannedStepSeconds: Double { plannedPassSeconds.reduce(0, +) }

    /// Whether the budget has no time left for a task.
    ///
    /// By the plan, where the clock agrees within some per cent: a run that ends by the clock ends one sample earlier where
    /// the samples happened to be long, so that the mean of those it has is too large (by up to a thousandth of a sample's
    /// spread with a handful of samples). What was planned before knows nothing of that.
    func isOver(before task: Task) -> Bool {
        let latest = settings.budgetSeconds - planned(.idle) - planned(task)
        return elapsedSeconds > 1.05 * latest || (elapsedSeconds > 0.9 * latest && plannedSeconds > latest)
            || record.layerTimes.first.map { $0.seconds.count >= ExperimentSettings.mostSteps } ?? false
    }

    /// What the plan leaves of the budget, without the idle window at the end.
    private var secondsLeft: Double { settings.budgetSeconds - planned(.idle) - plannedSeconds }

    /// Steps before a burst that go unrecorded.
    private var warmingSeconds: Double {
        isBurst || trailingSeconds > 0 ? repeating(plannedStepSeconds, until: trailingSeconds, spread: 0) : 0
    }

    /// What work of a length takes when it is repeated until a window is full.
    private func filling(_ seconds: Double) -> Double {
        guard seconds < windowSeconds else { return seconds }
        return repeating(seconds, until: windowSeconds - spreadSeconds, spread: spreadSeconds)
    }

    /// What work of a length takes when it is repeated, once at least, until a time is over that lies anywhere from
    /// `least` to `spread` more: whole repeats, so that work of nine tenths of the time takes nearly twice as long.
    private func repeating(_ seconds: Double, until least: Double, spread: Double) -> Double {
        let places = spread > 0 ? 8 : 1
        let repeats = (0..<places).reduce(0.0) { sum, place in
            let until = least + spread * (Double(place) + 0.5) / Double(places)
            return sum + max(1, (until / seconds).rounded(.up))
        }
        return seconds * repeats / Double(places)
    }

    /// What polling for a window's three updates takes: for the first two half an update on average, since the work's
    /// length varies by more than one, and one for the last.
    private var edgesSeconds: Double { gauge.meter == nil ? 0 : 2 * updateSeconds }
}
