import Logging
import ProbeKit
import ProfileFormat
import Statistics
import SystemIO
import Workload

/// One profiling run: steps and windows in random order until every interval is narrow enough or the budget ends.
///
/// Two kinds of work alternate. Whole steps, with and without instruments, give the times: each layer is timed where
/// it runs, with the cache that its neighbors leave it. Loop windows, when there is a meter, give each pass's power:
/// a pass is repeated for about fifty counter updates, so that the counter's staleness at both ends weighs little and,
/// at random phase and constant power, cancels on average. Order is random within a cycle, so that heat and drift are
/// not attributed to particular layers. Idle windows are spread over the run. Steps with and without instruments come in
/// pairs, one burst right after the other, so that parts and whole are compared under the same conditions. Interleaved
/// steps, in which instruments are on and off at random, show what instruments cost.
///
/// ``ExperimentPlan`` decides what is next, ``Sampler`` measures it, and ``ExperimentRecord`` keeps what was found.
package final class Experiment {
    private let settings: ExperimentSettings
    private var plan: ExperimentPlan
    private let sampler: Sampler
    private var record: ExperimentRecord
    /// All observations in their order, where they have a speed: which of them are kept may change.
    private var observations: [Observation] = []
    /// Whether observations have a speed; `nil` before the first that shows it.
    private var hasSpeeds: Bool?
    private var speed = PrevailingSpeed()
    private let disturbances: DisturbanceLog
    private let meter: MeterDescription?
    private let progress: ((Progress) -> Void)?
    private let logger: Logger
    /// When progress was last reported. Computing it takes longer than a short window.
    private var lastReportSeconds: Double?

    private static let reportIntervalSeconds = 0.2

    /// - Parameters:
    ///   - updates: how the meter's counters are updated, or `nil` when it is not known.
    ///   - conditions: reads throttling, steal time and the like; called before and after every step and window.
    ///   - reference: times a fixed piece of arithmetic; called with `conditions`, and not around the idle box. `nil` where
    ///     the conditions tell the processor's speed.
    ///   - description: of the meter, or why there is none; progress states it.
    ///   - disturbances: takes what the box does to the steps and windows; shared by the experiments of one run.
    ///   - shouldStop: asked between passes that may be long; `true` ends the run with
    ///     ``KerfError/Code/interrupted``.
    package init(
        step: any ProfiledStep, clock: any ExperimentClock = SystemClock(), meter: (any EnergyMeter)? = nil,
        updates: CounterUpdates? = nil, description: MeterDescription? = nil,
        settings: ExperimentSettings = ExperimentSettings(),
        conditions: @escaping () -> BoxConditions = { BoxConditions() },
        reference: @escaping () -> Double? = { nil },
        disturbances: DisturbanceLog = DisturbanceLog(),
        shouldStop: @escaping () -> Bool = { false }, progress: ((Progress) -> Void)? = nil,
        logger: Logger = Logger(label: "kerf.profiling", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        let passes = step.passes
        var generator = SeededGenerator(seed: settings.seed)
        self.settings = settings
        self.disturbances = disturbances
        self.meter = description
        self.progress = progress
        self.logger = logger
        record = ExperimentRecord(passes: passes)
        plan = ExperimentPlan(
            passes: passes, settings: settings, meter: meter, updates: updates, using: &generator)
        sampler = Sampler(
            step: step, clock: clock, interval: MeteredInterval(clock: clock, meter: meter, updates: updates),
            timing: plan.timing, conditions: conditions, reference: reference, disturbances: disturbances,
            shouldStop: shouldStop, generator: generator)
    }

    /// Runs to the end and returns all raw samples.
    ///
    /// - Throws: ``KerfError``; whatever the step throws before there are enough samples. A step that fails later ends the
    ///   run, and ``ExperimentRecord/stepFailure`` states the reason. A meter that fails does not end the run: its energy
    ///   is dropped and ``ExperimentRecord/meterFailure`` states the reason.
    package func run() throws -> ExperimentRecord {
        do {
            try runToEnd()
        } catch let error as KerfError where error.code != .interrupted && record.hasMinimumSamples {
            record.stepFailure = error
        }
        noteOtherSpeeds()
        if let reason = plan.timing.whyNotLooped { record.noteNotLooped(because: reason) }
        guard record.hasMinimumSamples else { throw disturbed() }
        record.startSeconds = sampler.startSeconds
        return record
    }

    private func runToEnd() throws {
        try measureInstruments()
        report("idle")
        try takeIdleWindow()
        for _ in 0..<ExperimentSettings.warmUpSteps {
            report("warm-up")
            plan.add(warmUp: try sampler.warmUp())
        }
        plan.endWarmUp(atSeconds: sampler.elapsedSeconds)
        try perform(.pair)
        repeat {
            record.isSettled = plan.isSettled(by: record)
        } while try !record.isSettled && runCycle()
        try takeIdleWindow()
    }

    /// Performs the tasks of a cycle that the budget has time for.
    ///
    /// - Returns: whether there were any but the idle box's.
    private func runCycle() throws -> Bool {
        logger.debug(
            "cycle", metadata: ["at_seconds": "\(sampler.elapsedSeconds)", "steps": "\(record.steps.count)"])
        var isAnyPerformed = false
        for task in plan.nextCycle(after: record, using: &sampler.generator) {
            let elapsed = sampler.elapsedSeconds
            guard
                plan.isIndispensable(task, record: record, elapsedSeconds: elapsed)
                    || !plan.isOver(before: task, record: record, elapsedSeconds: elapsed)
            else { continue }
            try perform(task)
            // Idle windows alone are no reason to go on.
            isAnyPerformed = isAnyPerformed || task != .idle
        }
        return isAnyPerformed
    }

    // MARK: - Tasks

    private func perform(_ task: ExperimentPlan.Task) throws {
        report("measuring")
        try sampler.checkpoint()
        plan.begin(task)
        switch task {
        case .pair: try takePair()
        case .interleaved: try takeInterleavedSteps()
        case .idle: try takeIdleWindow()
        case .window(let pass):
            keep(Observation(measurement: try sampler.takeWindow(of: pass, runUpSeconds: plan.runUpSeconds(of: pass))))
        }
    }

    private func measureInstruments() throws {
        record.overhead.secondsPerSpan = try sampler.secondsPerMark()
        let (seconds, meterFailure) = sampler.secondsPerSample()
        record.overhead.secondsPerMeterRead = seconds
        plan.sampling.secondsPerSample = seconds
        if let meterFailure {
            record.dropEnergy(because: meterFailure)
            dropMeter(because: meterFailure)
        }
    }

    private func takeIdleWindow() throws {
        guard let measurement = try sampler.takeIdleWindow(seconds: plan.idleSeconds) else { return }
        keep(Observation(measurement: measurement))
    }

    /// A burst of steps with instruments and one without, right after each other.
    private func takePair() throws {
        let pair = plan.nextPair()
        for isPlain in [pair.isPlainFirst, !pair.isPlainFirst] {
            if isPlain {
                let (measurement, steps) = try sampler.takePlainSteps(pair: pair.number, isBurst: plan.isBurst)
                keep(Observation(measurement: measurement, plainSteps: steps))
            } else {
                let (measurement, taken) = try sampler.takeInstrumentedSteps(isBurst: plan.isBurst) {
                    plan.nextStepSamples()
                }
                let steps = taken?.steps(pair: pair.number) ?? []
                keep(Observation(measurement: measurement, instrumentedSteps: steps))
                guard measurement.isUndisturbed, let taken else { continue }
                plan.sampling.add(taken.samplingTimes)
                record.overhead.secondsPerMeterRead = plan.sampling.secondsPerSample
            }
        }
    }

    /// Steps in which instruments are on and off at random. The passes that had instruments are time samples like those
    /// of other steps.
    private func takeInterleavedSteps() throws {
        let began = sampler.elapsedSeconds
        let pair = plan.nextInterleaved()
        let (measurement, taken) = try sampler.takeInterleavedSteps(isBurst: plan.isBurst) {
            plan.nextStepSamples()
        }
        keep(
            Observation(
                measurement: measurement, instrumentedSteps: taken?.interleavedSteps(pair: pair) ?? [],
                overheadPairs: taken?.instrumentationOverheadPairs() ?? []))
        plan.add(overheadSeconds: sampler.elapsedSeconds - began)
    }

    /// Adds an observation to the record. Where it shows that the processor's speed is another one than it seemed to be, all
    /// are judged again.
    private func keep(_ observation: Observation) {
        let measurement = observation.measurement
        if let reason = measurement.rejection {
            logger.debug("rejected", metadata: ["reason": "\(reason)", "at_seconds": "\(sampler.elapsedSeconds)"])
        }
        if let reason = measurement.meterFailure { dropMeter(because: reason) }
        if let reason = measurement.meterEnd { dropMeter(because: reason) }
        if let reference = measurement.referenceSeconds, measurement.isUndisturbed,
            speed.add(reference, seconds: measurement.tookSeconds)
        {
            logger.debug("another speed", metadata: ["reference_seconds": "\(speed.referenceSeconds ?? 0)"])
            record.removeObservations()
            for observation in observations { record.append(judged(observation)) }
            plan.forgetWhatIsSettled()
        }
        record.append(judged(observation))
        if measurement.referenceSeconds != nil {
            hasSpeeds = true
        } else if hasSpeeds == nil, measurement.isUndisturbed, measurement.subject != .idle {
            (hasSpeeds, observations) = (false, [])
        }
        if hasSpeeds != false { observations.append(observation) }
    }

    private func judged(_ observation: Observation) -> Observation {
        var judged = observation
        if isAtOtherSpeed(observation.measurement) { judged.measurement = judged.measurement.rejected(because: .speed) }
        return judged
    }

    private func isAtOtherSpeed(_ measurement: Measurement) -> Bool {
        measurement.isUndisturbed && !speed.includes(measurement.referenceSeconds)
    }

    /// Tells the log which steps and windows were kept at first, and then found to be of another speed.
    private func noteOtherSpeeds() {
        for measurement in observations.map(\.measurement) where isAtOtherSpeed(measurement) {
            guard let began = measurement.began else { continue }
            disturbances.reject(.speed, began: began, seconds: measurement.tookSeconds)
        }
    }

    private func dropMeter(because reason: String) {
        logger.debug("meter dropped", metadata: ["reason": "\(reason)"])
        plan.isMetered = false
    }

    // MARK: - Reports

    private func report(_ activity: String) {
        guard let progress else { return }
        let elapsed = sampler.elapsedSeconds
        if let last = lastReportSeconds, elapsed - last < Self.reportIntervalSeconds { return }
        lastReportSeconds = elapsed
        progress(
            Progress(
                elapsedSeconds: elapsed, remainingSeconds: max(0, settings.budgetSeconds - elapsed),
                activity: activity, steps: record.steps.count + (record.layerTimes.first?.seconds.count ?? 0),
                energyWindows: record.energyWindows.count,
                intervals: plan.intervals(of: record, count: Progress.maximumIntervals),
                disturbances: disturbances.current,
                meter: meter.map { MeterState($0, failure: record.meterFailure ?? record.meterEnd) }))
    }

    /// Names the cause, and the processes where they are the cause. A meter that could not be read may be one too.
    private func disturbed() -> KerfError {
        let found = disturbances.disturbances()
        let reasons = record.rejections.map { "\($0.count) x \($0.reason)" }.joined(separator: ", ")
        return KerfError(
            .disturbed, "too few undisturbed steps: \(found.isTooMuch ? found.summary : "rejected \(reasons)")",
            remedy: found.mainCause == .quota ? .largerQuotaOrFewerThreads : .quietBoxOrLongerBudget)
    }
}

extension KerfError.Code {
    /// Throttling, steal time and other disturbances left no step to use.
    package static let disturbed = KerfError.Code("disturbed", .unavailable)
}
