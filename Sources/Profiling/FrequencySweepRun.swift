import ProbeKit
import ProfileFormat
import Statistics
import SystemIO

/// A profile's steps at several clocks.
///
/// Each round visits every clock once, in random order; a visit is a short ``Experiment`` of its own. So heat and drift
/// are spread over the clocks, and what differs from visit to visit is seen.
package struct FrequencySweepRun {
    /// Visits of each clock, at least: fewer would not tell the clock's effect from a visit's.
    package static let rounds = 3
    /// Time after a change before anything is measured: regulators and the driver's own averages settle in less.
    static let settlingSeconds = 0.02

    private let group: String?
    private let clocks: [FrequencySetpoint]
    private let control: any FrequencyControl
    private let clock: any ExperimentClock
    private let settings: ExperimentSettings
    private let progress: (Progress) -> Void
    private let experiment: (ExperimentSettings, @escaping (Progress) -> Void) -> Experiment

    /// - Parameters:
    ///   - group: the kind of core whose clocks these are; `nil` for the whole box's.
    ///   - settings: of the whole sweep; every visit gets its share of the budget. A visit takes the fewest samples
    ///     that it needs even when that takes longer.
    ///   - experiment: makes the experiment of one visit, with these settings and telling its progress there.
    package init(
        group: String? = nil, clocks: [FrequencySetpoint], control: any FrequencyControl,
        clock: any ExperimentClock = SystemClock(),
        settings: ExperimentSettings, progress: @escaping (Progress) -> Void = { _ in },
        experiment: @escaping (ExperimentSettings, @escaping (Progress) -> Void) -> Experiment
    ) {
        self.group = group
        self.clocks = clocks
        self.control = control
        self.clock = clock
        self.settings = settings
        self.progress = progress
        self.experiment = experiment
    }

    /// Visits all clocks in all rounds. The clock stays as the last visit set it.
    ///
    /// - Throws: ``KerfError/Code/interrupted``; ``KerfError`` when the clock cannot be set any more; whatever the
    ///   step throws. A visit whose every step is spoiled is left out.
    package func run() throws -> FrequencySweep {
        var generator = SeededGenerator(seed: settings.seed)
        let order = (0..<Self.rounds).flatMap { _ in clocks.shuffled(using: &generator) }
        let start = clock.now()
        var visits: [FrequencyVisit] = []
        for (index, step) in order.enumerated() {
            try control.set(step)
            clock.sleep(seconds: Self.settlingSeconds)
            var share = settings
            share.budgetSeconds = settings.budgetSeconds / Double(order.count)
            share.seed = generator.next()
            (share.loopsPasses, share.measuresInstrumentationOverhead) = (false, false)
            let made = experiment(share) { tell($0, at: step, visit: index, of: order.count, since: start) }
            do {
                visits.append(FrequencyVisit(group, step, try made.run()))
            } catch let error as KerfError where error.code == .disturbed {
                continue
            }
        }
        return FrequencySweep(seed: Int(clamping: settings.seed), budgetSeconds: settings.budgetSeconds, visits: visits)
    }

    private func tell(
        _ part: Progress, at step: FrequencySetpoint, visit: Int, of count: Int, since start: MonotonicInstant
    ) {
        var whole = part
        whole.elapsedSeconds = clock.now().seconds(since: start)
        let left = settings.budgetSeconds * Double(count - visit - 1) / Double(count)
        whole.remainingSeconds = part.remainingSeconds + left
        whole.activity =
            "sweeping the clock\(group.map { " of the \($0)s" } ?? ""), \((step.hertz / 1e6).rounded() / 1e3) GHz, visit \(visit + 1) of \(count)"
        progress(whole)
    }
}

extension FrequencyVisit {
    init(_ group: String?, _ step: FrequencySetpoint, _ record: ExperimentRecord) {
        self.init(
            group: group, hertz: step.hertz, policyHertz: step.policyHertz, achievedHertz: record.clockHertz,
            steps: record.steps,
            layerTimes: record.layerTimes.map { times in
                var times = times
                // Kernels are told at the profile's own clock; thirty times as much would only make the file large.
                times.kernels = [:]
                return times
            },
            idleWindows: record.idleWindows, energyWindows: record.energyWindows, rejections: record.rejections,
            meterFailure: record.meterFailure)
    }
}
