import ProbeKit
import ProfileFormat
import Statistics
import SystemIO
import TransformerKernels
import Workload

/// Takes an experiment's steps and windows: runs the step, reads clock and meter, and checks what the box did meanwhile.
///
/// What is taken when, and what is kept, is not decided here.
final class Sampler {
    let step: any ProfiledStep
    private let clock: any ExperimentClock
    private let timing: WindowTiming
    private let conditions: () -> BoxConditions
    private let reference: () -> Double?
    private let disturbances: DisturbanceLog
    private let shouldStop: () -> Bool
    private let start: MonotonicInstant
    /// Loses its meter once the meter fails for good.
    private var interval: MeteredInterval
    /// Windows without interruption in which the meter could not be read.
    private var unreadWindows = 0
    /// Random numbers of the whole run.
    var generator: SeededGenerator

    init(
        step: any ProfiledStep, clock: any ExperimentClock, interval: MeteredInterval, timing: WindowTiming,
        conditions: @escaping () -> BoxConditions, reference: @escaping () -> Double?, disturbances: DisturbanceLog,
        shouldStop: @escaping () -> Bool, generator: SeededGenerator
    ) {
        self.step = step
        self.clock = clock
        self.interval = interval
        self.timing = timing
        self.conditions = conditions
        self.reference = reference
        self.disturbances = disturbances
        self.shouldStop = shouldStop
        self.generator = generator
        start = clock.now()
        disturbances.begin(at: start)
    }

    var elapsedSeconds: Double { clock.now().seconds(since: start) }

    /// Start of this experiment, since the start of the run.
    var startSeconds: Double { disturbances.seconds(at: start) }

    /// - Throws: ``KerfError/Code/interrupted``.
    func checkpoint() throws {
        if shouldStop() { throw Interruption.failure }
    }

    // MARK: - Cost of instruments

    /// See ``ProfiledStep/secondsPerMark(clock:)``.
    func secondsPerMark() throws -> Double { try step.secondsPerMark(clock: clock) }

    /// Seconds of one reading of the meter's total, in a loop.
    ///
    /// - Returns: the seconds, `nil` without a meter; or why the meter failed.
    func secondsPerSample() -> (seconds: Double?, meterFailure: String?) {
        // What another program reports is not read within steps.
        guard let meter = interval.meter, meter.reportedPower == nil else { return (nil, nil) }
        do throws(KerfError) {
            return (try secondsPerSample(of: meter), nil)
        } catch {
            guard recovers(meter) else { return (nil, dropMeter(because: "\(error)")) }
        }
        do throws(KerfError) {
            return (try secondsPerSample(of: meter), nil)
        } catch {
            return (nil, dropMeter(because: "\(error)"))
        }
    }

    private func secondsPerSample(of meter: any EnergyMeter) throws(KerfError) -> Double {
        let count = 64
        let cpuClocks = meter.countsProcessorTime ? clock.threadCPUClocks() : nil
        var microjoules: [UInt64] = []
        microjoules.reserveCapacity(count * meter.tree.counted.count)
        let began = clock.now()
        for _ in 0..<count {
            cpuClocks?.flush()
            _ = try meter.readTotal(into: &microjoules)
        }
        return clock.now().seconds(since: began) / Double(count)
    }

    // MARK: - Steps

    /// A step that is discarded: page faults, first touch, rising frequencies.
    ///
    /// - Returns: seconds of every pass.
    func warmUp() throws -> [Double] {
        let burst = burst(isBurst: false, interval: MeteredInterval(clock: clock, meter: nil))
        return try step.takeMarkedSteps(burst) { false }.record.steps(pair: 0).first?.seconds ?? []
    }

    /// Whole steps without marks, as many as fill a window. Each is a time sample, together they are an energy window.
    func takePlainSteps(pair: Int, isBurst: Bool) throws -> (measurement: Measurement, steps: [StepSample]) {
        try warmForBurst(isBurst)
        var samples: [StepSample] = []
        let measurement = try measure(.step, hasRunUp: isBurst) {
            let taken = try step.takePlainSteps(burst(pair: pair, isBurst: isBurst))
            samples = taken.samples
            return (taken.cost, samples.count)
        }
        return (measurement, samples)
    }

    /// Whole steps with every instrument on: marks at layers and kernels, and the meter read after every layer.
    ///
    /// - Parameter isSampling: whether the next step reads the meter.
    /// - Returns: no record where the meter failed.
    func takeInstrumentedSteps(
        isBurst: Bool, isSampling: () -> Bool
    ) throws -> (measurement: Measurement, record: (any BurstRecord)?) {
        try warmForBurst(isBurst)
        var record: (any BurstRecord)?
        let measurement = try measure(.instrumentedStep, hasRunUp: isBurst) {
            let taken = try step.takeMarkedSteps(burst(isBurst: isBurst), isSampling: isSampling)
            record = taken.record
            return (taken.cost, taken.count)
        }
        return (measurement, record)
    }

    /// Pairs of steps in which a coin decides where instruments are on: one pair, or as many as fill a window.
    func takeInterleavedSteps(
        isBurst: Bool, isSampling: () -> Bool
    ) throws -> (measurement: Measurement, record: (any BurstRecord)?) {
        try warmForBurst(isBurst)
        var record: (any BurstRecord)?
        let measurement = try measure(.instrumentedStep, hasRunUp: isBurst) {
            let burst = burst(isBurst: isBurst)
            let taken = try step.takeInterleavedSteps(burst, isSampling: isSampling, using: &generator)
            record = taken.record
            return (nil, taken.count)
        }
        return (measurement, record)
    }

    private func burst(pair: Int = 0, isBurst: Bool, interval: MeteredInterval? = nil) -> Burst {
        Burst(
            clock: clock, interval: interval ?? self.interval, start: start, pair: pair,
            seconds: isBurst ? timing.windowSeconds - drawSpreadSeconds() : nil,
            maximumRecorded: isBurst ? ExperimentSettings.maximumBurst : 1, checkpoint: checkpoint)
    }

    /// The first of several short steps finds the caches as other work left them, the later ones do not. So one is not
    /// recorded, and steps with and without instruments are taken under the same conditions. With a sensor that trails,
    /// more are not recorded.
    private func warmForBurst(_ isBurst: Bool) throws {
        guard isBurst || timing.trailingSeconds > 0 else { return }
        try step.runUp(seconds: timing.trailingSeconds, clock: clock, checkpoint: checkpoint)
    }

    // MARK: - Windows

    /// One pass repeated for a window, after a run-up that makes its power steady.
    func takeWindow(of pass: LayerPass, runUpSeconds: Double) throws -> Measurement {
        try step.prepare(pass)
        if runUpSeconds > 0 {
            _ = try step.repeated(pass, seconds: runUpSeconds + drawSpreadSeconds(), clock: clock)
        }
        return try measure(.layer, pass, hasRunUp: runUpSeconds > 0) {
            var iterations = 0
            let seconds = timing.windowSeconds - drawSpreadSeconds()
            let cost = try interval.cost { _ in
                iterations = try step.repeated(pass, seconds: seconds, clock: clock)
            }
            return (cost, iterations)
        }
    }

    /// The idle box.
    ///
    /// - Returns: `nil` without a meter.
    func takeIdleWindow(seconds: Double) throws -> Measurement? {
        guard interval.meter != nil else { return nil }
        clock.sleep(seconds: timing.restSeconds + drawSpreadSeconds())
        let seconds = seconds - drawSpreadSeconds()
        return try measure(.idle, hasRunUp: false) { (try interval.cost { _ in clock.sleep(seconds: seconds) }, 0) }
    }

    /// See ``WindowTiming/spreadSeconds``.
    private func drawSpreadSeconds() -> Double { timing.spreadSeconds * generator.uniform() }

    /// Runs `body` and checks what the box did meanwhile.
    ///
    /// - Parameters:
    ///   - hasRunUp: whether the frequency had time to settle before.
    ///   - body: returns no cost where only times can be measured.
    private func measure(
        _ subject: EnergyWindow.Subject, _ pass: LayerPass? = nil, hasRunUp: Bool,
        _ body: () throws -> (cost: Cost?, iterations: Int)
    ) throws -> Measurement {
        let before = conditions(of: subject)
        let began = clock.now()
        var measurement = Measurement(subject: subject)
        let cost: Cost?
        do {
            (cost, measurement.iterations) = try body()
        } catch let failure as MeterFailure {
            // The work was done, so that a step that never succeeds uses up its retries.
            measurement.iterations = max(1, measurement.iterations)
            if failure.error.code == .meterEnded {
                // What was reported before is sound.
                measurement.rejection = "the meter has ended"
                measurement.meterEnd = "\(failure.error)"
                interval = MeteredInterval(clock: clock, meter: nil)
            } else if let meter = interval.meter, unreadWindows < Self.maximumUnreadWindows, recovers(meter) {
                unreadWindows += 1
                measurement.rejection = Cost.Fault.interrupted.rawValue
            } else {
                measurement.meterFailure = dropMeter(because: "\(failure.error)")
            }
            return measurement
        }
        unreadWindows = 0
        let seconds = cost?.seconds ?? clock.now().seconds(since: began)
        let ended = clock.now()
        let after = conditions(of: subject)
        (measurement.began, measurement.tookSeconds) = (began, ended.seconds(since: began))
        measurement.referenceSeconds = BoxConditions.longerReference(before, after)
        let disturbance = BoxConditions.disturbance(
            from: before, to: after, seconds: seconds, hasRunUp: hasRunUp,
            hasLoads: step.isInterrupted && subject != .layer)
        disturbances.add(disturbance, from: before, to: after, began: began, ended: ended)
        measurement.rejection = disturbance?.rawValue
        guard measurement.rejection == nil else { return measurement }
        measurement.isUndisturbed = true
        measurement.frequencyHertz = after.frequencyHertz
        guard let meter = interval.meter, let cost else { return measurement }
        if let stopped = stoppedCounters(of: meter, cost) {
            measurement.meterFailure = dropMeter(because: "\(stopped) stood still for a whole window")
        } else if let fault = cost.fault {
            measurement.rejection = fault.rawValue
        } else {
            // Samples are of a part of the work, in which processor time is as if it were used evenly.
            let share = cost.seconds > 0 ? min(1, cost.meteredSeconds / cost.seconds) : 1
            measurement.window = EnergyWindow(
                subject: subject, layer: pass?.layer, direction: pass?.direction, iterations: measurement.iterations,
                seconds: cost.meteredSeconds, workSeconds: min(cost.seconds, cost.meteredSeconds),
                edgeSeconds: cost.edgeSeconds,
                pollingSeconds: cost.pollingSeconds, pollingJoules: cost.pollingJoules,
                cpuSeconds: cost.cpuSeconds * share, joules: cost.joules, startSeconds: began.seconds(since: start))
        }
        return measurement
    }

    /// An idle window begins at rest, and its power does not depend on how fast the processor would be.
    private func conditions(of subject: EnergyWindow.Subject) -> BoxConditions {
        var conditions = conditions()
        conditions.referenceSeconds = subject == .idle ? nil : reference() ?? conditions.referenceSeconds
        return conditions
    }

    /// Counters of the total that did not move in a window of many updates, as text; `nil` where all moved. Whatever updates
    /// them is gone, and zeros are not energies: with one domain of several the total would be too low.
    private func stoppedCounters(of meter: any EnergyMeter, _ cost: Cost) -> String? {
        guard cost.fault == nil || cost.fault == .notUpdated, cost.meteredSeconds >= 0.2 * timing.windowSeconds
        else { return nil }
        if meter.total(of: cost.joules) == 0 { return "its counters" }
        let stopped = meter.stoppedDomains(in: cost.joules)
        return stopped.isEmpty
            ? nil : "the counter of \(stopped.joined(separator: ", ")), while others of the total moved,"
    }

    /// Consecutive windows that may fail before the meter is given up although it can be read in between.
    private static let maximumUnreadWindows = 3

    /// Whether a meter that failed can be read again after a moment: a chip that lost arbitration on its bus, a driver that is
    /// being reloaded. Only the windows that failed are lost then.
    private func recovers(_ meter: any EnergyMeter) -> Bool {
        let pause = max(0.005, meter.sampling?.intervalSeconds ?? 0)
        for _ in 0..<6 {
            clock.sleep(seconds: pause)
            do throws(KerfError) {
                _ = try meter.read()
                return true
            } catch {
                // The reason to report is the first error, which the caller has.
                continue
            }
        }
        return false
    }

    /// Goes on without the meter.
    ///
    /// - Returns: the reason as the record states it.
    private func dropMeter(because reason: String) -> String {
        let name = interval.meter?.name ?? "meter"
        interval = MeteredInterval(clock: clock, meter: nil)
        return "\(name) failed during the run: \(reason)"
    }
}
