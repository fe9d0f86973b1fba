import Estimation
import ProbeKit
import ProfileFormat
import Statistics
import SystemIO
import Workload

/// When to stop.
extension Experiment {
    /// Whether times, powers and own cost have as many observations as their plans ask for.
    var isSettled: Bool {
        let powers = 1 + (settings.loopsPasses ? step.passes.count : 0)
        guard gauge.meter == nil || powerPlans.count == powers else { return false }
        planTimes()
        planPower(of: .step)
        return stepsPlan.isSettled && (gauge.meter == nil || powerPlans.values.allSatisfy(\.isSettled))
            && overheadTasksLeft() == 0
    }

    /// Two bursts of each kind: the fewest from which there is an interval at all.
    var hasMinimumSamples: Bool { burstsOfEachKind >= 2 }

    var burstsOfEachKind: Int { min(bursts(record.steps), bursts(record.instrumentedSteps)) }

    private func bursts(_ steps: [StepSample]) -> Int { Set(steps.map(\.pair)).count }

    /// Three budgets gone and the box still spoils every step.
    var exceededRetryBudget: Bool { elapsedSeconds >= 3 * settings.budgetSeconds && record.rejectedSteps >= 4 }

    func disturbed() -> KerfError {
        let reasons = record.rejections.map { "\($0.count) x \($0.reason)" }.joined(separator: ", ")
        return KerfError(
            .disturbed, "too few sound steps: rejected \(reasons)",
            remedy: "free the box of other load or heat, or allow more time with --budget")
    }

    var elapsedSeconds: Double { clock.now().seconds(since: start) }

    func checkpoint() throws {
        if shouldStop() { throw KerfError(.interrupted, "interrupted; nothing was written") }
    }

    // MARK: - Times

    private func planTimes() {
        stepsPlan.look(count: burstsOfEachKind) {
            let steps = TrimmedSteps(totals: record.steps.map(\.seconds), groups: record.steps.compactMap(\.pair))
            let whole = steps.total(confidence: settings.confidence)
            return timeEstimates(withKernels: true).map { width(of: $0, floor: negligibleSeconds) }
                .reduce(width(of: whole, floor: 0), max)
        }
    }

    /// A pass or kernel that is a thousandth of the step cannot matter: it is settled when its interval is small against
    /// the step, however wide against itself.
    private var negligibleSeconds: Double { 0.001 * plannedStepSeconds }

    /// The time of every pass, and of every kernel in it, by the rule that the calibration will use.
    private func timeEstimates(withKernels: Bool) -> [Estimate?] {
        var totals = [Double](repeating: 0, count: record.layerTimes.first?.seconds.count ?? 0)
        for times in record.layerTimes {
            for step in totals.indices { totals[step] += times.seconds[step] }
        }
        let kept = TrimmedSteps(totals: totals, groups: record.instrumentedSteps.compactMap(\.pair))
        return record.layerTimes.flatMap { times in
            ([times.seconds] + (withKernels ? Array(times.kernels.values) : []))
                .map { kept.mean(of: $0, confidence: settings.confidence) }
        }
    }

    /// The half width over the one wanted, infinite where there is no interval.
    private func width(of estimate: Estimate?, floor: Double) -> Double {
        guard let estimate else { return .infinity }
        let wanted = max(settings.targetRelativeHalfWidth * estimate.value, floor)
        return wanted > 0 ? estimate.halfWidth / wanted : estimate.halfWidth > 0 ? .infinity : 0
    }

    var widestRelativeHalfWidth: Double? {
        timeEstimates(withKernels: false).compactMap(\.self).filter {
            $0.halfWidth.isFinite && $0.halfWidth > negligibleSeconds
        }
        .map(\.relativeHalfWidth).max()
    }

    // MARK: - Powers

    func isPowerSettled(of pass: LayerPass) -> Bool {
        planPower(of: .pass(pass))
        return powerPlans[.pass(pass)]?.isSettled ?? false
    }

    private func planPower(of subject: PowerSubject) {
        guard let meter = gauge.meter else { return }
        let windows = record.energyWindows.filter(subject.matches)
        powerPlans[subject, default: StoppingPlan()].look(count: windows.count) {
            let powers = WindowPower(
                idleWindows: record.idleWindows, totalOf: meter.tree.counted.map(\.identifier),
                resolutionJoules: resolutionJoules, confidence: settings.confidence)
            return width(of: powers.gross(windows), floor: 0)
        }
    }

    // MARK: - Progress

    func report(_ activity: String) {
        let elapsed = elapsedSeconds
        guard lastReportSeconds < 0 || elapsed - lastReportSeconds >= 0.2 else { return }
        lastReportSeconds = elapsed
        progress(
            Progress(
                elapsedSeconds: elapsed, remainingSeconds: max(0, settings.budgetSeconds - elapsed),
                activity: activity, steps: record.steps.count + (record.layerTimes.first?.seconds.count ?? 0),
                energyWindows: record.energyWindows.count, widestRelativeHalfWidth: widestRelativeHalfWidth))
    }
}

/// What has a power of its own to be known.
enum PowerSubject: Hashable {
    case step
    case pass(LayerPass)

    func matches(_ window: EnergyWindow) -> Bool {
        switch self {
        case .step: window.subject == .step
        case .pass(let pass): window.layer == pass.layer && window.direction == pass.direction
        }
    }
}
