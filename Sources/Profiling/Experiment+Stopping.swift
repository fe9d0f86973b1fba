import Calibration
import ProbeKit
import Statistics
import TransformerKernels

/// When to stop.
extension Experiment {
    /// Every interval narrow enough, or the budget used and the fewest samples taken.
    var isDone: Bool { isOver ? hasFewest || isHopeless : isSettled }

    var isOver: Bool {
        elapsedSeconds >= settings.budgetSeconds
            || record.layerTimes.first.map { $0.seconds.count >= ExperimentSettings.mostSteps } ?? false
    }

    /// Whether looks in a row found every interval narrow enough.
    private var isSettled: Bool {
        guard elapsedSeconds - lastLookSeconds >= ExperimentSettings.lookSeconds else { return false }
        lastLookSeconds = elapsedSeconds
        narrowLooks = areTimesSettled && arePowersSettled ? narrowLooks + 1 : 0
        return narrowLooks >= ExperimentSettings.consecutiveLooks
    }

    /// Two of each kind: the fewest from which there is an interval at all.
    var hasFewest: Bool {
        record.steps.count >= 2 && record.layerTimes.allSatisfy { $0.seconds.count >= 2 }
    }

    /// Three budgets gone and the box still spoils every step.
    private var isHopeless: Bool { elapsedSeconds >= 3 * settings.budgetSeconds && record.rejectedSteps >= 4 }

    func spoiled() -> ProfilingError {
        let reasons = record.rejections.map { "\($0.count) x \($0.reason)" }.joined(separator: ", ")
        return ProfilingError(
            .spoiled, "too few sound steps: rejected \(reasons)",
            remedy: "free the box of other load or heat, or allow more time with --budget")
    }

    var elapsedSeconds: Double { clock.now().seconds(since: start) }

    func checkpoint() throws {
        if shouldStop() { throw ProfilingError(.interrupted, "interrupted; nothing was written") }
    }

    // MARK: - Times

    private var areTimesSettled: Bool {
        let steps = record.steps.map(\.seconds)
        return isSettled(TrimmedSteps(totals: steps).total(confidence: settings.confidence), floor: 0)
            && timeEstimates(withKernels: true).allSatisfy { isSettled($0, floor: negligibleSeconds) }
    }

    /// A pass or kernel that is a thousandth of the step cannot matter: it is settled when its interval is small against
    /// the step, however wide against itself.
    private var negligibleSeconds: Double { 0.001 * (record.steps.last?.seconds ?? 0) }

    /// The time of every pass, and of every kernel in it, by the rule that the calibration will use.
    private func timeEstimates(withKernels: Bool) -> [Estimate?] {
        var totals = [Double](repeating: 0, count: record.layerTimes.first?.seconds.count ?? 0)
        for times in record.layerTimes {
            for step in totals.indices { totals[step] += times.seconds[step] }
        }
        let kept = TrimmedSteps(totals: totals)
        return record.layerTimes.flatMap { times in
            ([times.seconds] + (withKernels ? Array(times.kernels.values) : []))
                .map { kept.mean(of: $0, confidence: settings.confidence) }
        }
    }

    private func isSettled(
        _ estimate: Estimate?, floor: Double, fewest: Int = ExperimentSettings.minimumSamples
    ) -> Bool {
        guard let estimate, estimate.count >= fewest else { return false }
        return estimate.halfWidth <= max(settings.targetRelativeHalfWidth * estimate.value, floor)
    }

    var widestRelativeHalfWidth: Double? {
        timeEstimates(withKernels: false).compactMap(\.self).filter {
            $0.halfWidth.isFinite && $0.halfWidth > negligibleSeconds
        }
        .map(\.relativeHalfWidth).max()
    }

    func typicalSeconds(of pass: LayerPass) -> Double {
        let times = record.layerTimes.first { $0.layer == pass.layer && $0.direction == pass.direction.rawValue }
        return max(1e-7, times?.seconds.min() ?? 0.001)
    }

    // MARK: - Powers

    private var arePowersSettled: Bool {
        gauge.meter == nil
            || ((!settings.loopsPasses || step.passes.allSatisfy(isPowerSettled))
                && isPowerSettled { $0.subject == .step })
    }

    func isPowerSettled(of pass: LayerPass) -> Bool {
        isPowerSettled { $0.layer == pass.layer && $0.direction == pass.direction.rawValue }
    }

    private func isPowerSettled(where matches: (EnergyWindow) -> Bool) -> Bool {
        guard let meter = gauge.meter else { return true }
        let windows = record.energyWindows.filter(matches)
        let power = Estimate.ratio(
            of: windows.map { meter.total(of: $0.joules) }, to: windows.map(\.seconds), confidence: settings.confidence)
        return isSettled(power, floor: 0, fewest: ExperimentSettings.minimumWindows)
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
