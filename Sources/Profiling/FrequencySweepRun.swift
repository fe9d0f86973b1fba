import ProbeKit
import ProfileFormat
import Statistics
import SystemIO

/// Measures a profile's steps at several frequencies.
///
/// Each round visits every frequency once, in random order. A visit is a short ``Experiment``. So heat and drift are spread
/// over the frequencies, and the variation from visit to visit is known.
package struct FrequencySweepRun {
    /// Visits of each frequency. With fewer, its effect could not be separated from that of a visit.
    package static let rounds = 3
    /// Wait after a change of frequency. Voltage regulators and the driver's averages settle in less.
    package static let settlingSeconds = 0.02

    private let group: String?
    private let setpoints: [FrequencySetpoint]
    private let control: any FrequencyControl
    private let clock: any ExperimentClock
    private let settings: ExperimentSettings
    private let progress: (Progress) -> Void
    private let experiment: (ExperimentSettings, @escaping (Progress) -> Void) -> Experiment

    /// - Parameters:
    ///   - group: the kind of core whose frequencies these are; `nil` for the whole box.
    ///   - settings: of the whole sweep; every visit gets its share of the budget. A visit takes the minimum number of
    ///     samples even when that takes longer.
    ///   - experiment: makes the experiment of one visit, from its settings and where it reports progress.
    package init(
        group: String? = nil, setpoints: [FrequencySetpoint], control: any FrequencyControl,
        clock: any ExperimentClock = SystemClock(),
        settings: ExperimentSettings, progress: @escaping (Progress) -> Void = { _ in },
        experiment: @escaping (ExperimentSettings, @escaping (Progress) -> Void) -> Experiment
    ) {
        self.group = group
        self.setpoints = setpoints
        self.control = control
        self.clock = clock
        self.settings = settings
        self.progress = progress
        self.experiment = experiment
    }

    /// Visits all frequencies in all rounds. The last frequency stays set.
    ///
    /// - Throws: ``KerfError/Code/interrupted``; ``KerfError`` when the frequency can no longer be set; whatever
    ///   the step throws. A visit whose steps are all disturbed is left out.
    package func run() throws -> FrequencySweep {
        var generator = SeededGenerator(seed: settings.seed)
        let order = (0..<Self.rounds).flatMap { _ in setpoints.shuffled(using: &generator) }
        let start = clock.now()
        var visits: [FrequencyVisit] = []
        for (index, step) in order.enumerated() {
            try control.set(step)
            clock.sleep(seconds: Self.settlingSeconds)
            var share = settings
            share.budgetSeconds = settings.budgetSeconds / Double(order.count)
            share.seed = generator.next()
            (share.loopsPasses, share.measuresInstrumentationOverhead) = (false, false)
            let made = experiment(share) { report($0, at: step, visit: index, of: order.count, since: start) }
            do {
                let record = try made.run()
                // Later visits would find it failed, too.
                if let failure = record.stepFailure { throw failure }
                visits.append(FrequencyVisit(group, step, record))
            } catch let error as KerfError where error.code == .disturbed {
                continue
            }
        }
        return FrequencySweep(seed: Int(clamping: settings.seed), budgetSeconds: settings.budgetSeconds, visits: visits)
    }

    private func report(
        _ part: Progress, at step: FrequencySetpoint, visit: Int, of count: Int, since start: MonotonicInstant
    ) {
        var whole = part
        whole.elapsedSeconds = clock.now().seconds(since: start)
        let left = settings.budgetSeconds * Double(count - visit - 1) / Double(count)
        whole.remainingSeconds = part.remainingSeconds + left
        whole.activity =
            "sweeping frequencies\(group.map { " of the \($0)s" } ?? ""), \((step.hertz / 1e6).rounded() / 1e3) GHz, visit \(visit + 1) of \(count)"
        progress(whole)
    }
}

extension FrequencyVisit {
    init(_ group: String?, _ step: FrequencySetpoint, _ record: ExperimentRecord) {
        self.init(
            group: group, hertz: step.hertz, policyHertz: step.policyHertz, achievedHertz: record.frequencyHertz,
            steps: record.steps,
            layerTimes: record.layerTimes.map { times in
                var times = times
                // The profile has kernels at its own frequency; those of thirty visits would only make the file large.
                times.kernels = [:]
                return times
            },
            idleWindows: record.idleWindows, energyWindows: record.energyWindows, rejections: record.rejections,
            meterFailure: record.meterFailure ?? record.meterEnd, startSeconds: record.startSeconds)
    }
}
