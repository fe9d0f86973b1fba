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
    private let passes: [LayerPass]
    private let clock: any ExperimentClock
    private let timing: WindowTiming
    private let conditions: () -> BoxConditions
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
        conditions: @escaping () -> BoxConditions, disturbances: DisturbanceLog,
        shouldStop: @escaping () -> Bool, generator: SeededGenerator
    ) {
        self.step = step
        passes = step.passes
        self.clock = clock
        self.interval = interval
        self.timing = timing
        self.conditions = conditions
        self.disturbances = disturbances
        self.shouldStop = shouldStop
        self.generator = generator
        start = clock.now()
        disturbances.begin(at: start)
    }

    var elapsedSeconds: Double { clock.now().seconds(since: start) }

    /// - Throws: ``KerfError/Code/interrupted``.
    func checkpoint() throws {
        if shouldStop() { throw KerfError(.interrupted, "interrupted; nothing was written") }
    }

    // MARK: - Cost of instruments

    /// Seconds of one kernel mark, from many empty ones.
    func secondsPerSpan() -> Double {
        let count = 4096
        let timeline = KernelTimeline(capacity: count)
        timeline.isRecording = true
        let began = clock.now()
        for _ in 0..<count { timeline.measure(.gradientConversion) {} }
        return clock.now().seconds(since: began) / Double(count)
    }

    /// Seconds of one reading of the meter's total, in a loop.
    ///
    /// - Returns: the seconds, `nil` without a meter; or why the meter failed.
    func secondsPerSample() -> (seconds: Double?, meterFailure: String?) {
        guard let meter = interval.meter else { return (nil, nil) }
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
        var recorder = StepRecorder(step, clock: clock, meter: nil, start: start)
        try recorder.take(checkpoint: checkpoint)
        return recorder.recorded.steps(pair: 0).first?.seconds ?? []
    }

    /// Whole steps without marks, as many as fill a window. Each is a time sample, together they are an energy window.
    func takePlainSteps(pair: Int, isBurst: Bool) throws -> (measurement: Measurement, steps: [StepSample]) {
        try warmForBurst(isBurst)
        var samples: [StepSample] = []
        samples.reserveCapacity(ExperimentSettings.maximumBurst)
        let measurement = try measure(.step, hasRunUp: isBurst) {
            samples.removeAll(keepingCapacity: true)
            if step.isInterrupted {
                let began = elapsedSeconds
                let cost = try step.costOfInterruptedStep(interval: interval, checkpoint: checkpoint)
                samples = [
                    StepSample(seconds: cost.seconds, cpuSeconds: cost.cpuSeconds, pair: pair, startSeconds: began)
                ]
                return (cost, 1)
            }
            let order = passes
            let cost = try interval.cost { _ in
                try burst(isBurst) {
                    samples.append(try step.timeOfWholeStep(order, clock: clock, pair: pair, since: start))
                }
            }
            return (cost, samples.count)
        }
        return (measurement, samples)
    }

    /// Whole steps with every instrument on: marks at layers and kernels, and the meter read after every layer.
    ///
    /// - Parameter isSampling: whether the next step reads the meter.
    func takeInstrumentedSteps(
        isBurst: Bool, isSampling: () -> Bool
    ) throws -> (measurement: Measurement, recorded: RecordedSteps) {
        try warmForBurst(isBurst)
        var recorder = makeRecorder(maximumSteps: isBurst ? ExperimentSettings.maximumBurst : 1)
        let measurement = try measure(.instrumentedStep, hasRunUp: isBurst) {
            if step.isInterrupted {
                // Weights are loaded within the step, so there is no window around it.
                try recorder.take(isSampling: false, checkpoint: checkpoint)
                return (nil, 1)
            }
            var count = 0
            let cost = try interval.cost { opening in
                recorder.lastUpdate = opening
                try burst(isBurst) {
                    // The first step of a burst begins right after an update, and all updates within it come at about
                    // the same places: not at moments like any other.
                    let isAligned = isBurst && count == 0
                    try recorder.take(isSampling: !isAligned && isSampling(), checkpoint: checkpoint)
                    recorder.lastUpdate = nil
                    count += 1
                }
            }
            return (cost, count)
        }
        return (measurement, recorder.recorded)
    }

    /// Pairs of steps in which a coin decides for every pass whether instruments are on: one pair, or as many as fill a
    /// window.
    func takeInterleavedSteps(
        isBurst: Bool, isSampling: () -> Bool
    ) throws -> (measurement: Measurement, recorded: RecordedSteps) {
        try warmForBurst(isBurst)
        var recorder = makeRecorder(maximumSteps: isBurst ? 2 * ExperimentSettings.maximumBurst : 2)
        let measurement = try measure(.instrumentedStep, hasRunUp: isBurst) {
            var count = 0
            try burst(isBurst) {
                try recorder.runInterleaved(isSampling: isSampling(), using: &generator, checkpoint: checkpoint)
                count += 2
            }
            return (nil, count)
        }
        return (measurement, recorder.recorded)
    }

    private func makeRecorder(maximumSteps: Int) -> StepRecorder {
        StepRecorder(step, clock: clock, meter: interval.meter, start: start, maximumSteps: maximumSteps)
    }

    /// Runs `body` once, or for short steps until a window is full.
    private func burst(_ isBurst: Bool, _ body: () throws -> Void) throws {
        let seconds = timing.windowSeconds - drawSpreadSeconds()
        let began = clock.now()
        var count = 0
        repeat {
            try checkpoint()
            try body()
            count += 1
        } while isBurst && clock.now().seconds(since: began) < seconds
            && (interval.meter != nil || count < ExperimentSettings.maximumBurst)
    }

    /// The first of several short steps finds the caches as other work left them, the later ones do not. So one is not
    /// recorded, and steps with and without instruments are taken under the same conditions. With a sensor that trails,
    /// more are not recorded.
    private func warmForBurst(_ isBurst: Bool) throws {
        guard isBurst || timing.trailingSeconds > 0 else { return }
        let began = clock.now()
        repeat {
            try checkpoint()
            for pass in passes {
                if step.needsPreparation(layer: pass.layer) { try step.prepare(layer: pass.layer) }
                try step.run(pass)
            }
        } while clock.now().seconds(since: began) < timing.trailingSeconds
    }

    // MARK: - Windows

    /// One pass repeated for a window, after a run-up that makes its power steady.
    func takeWindow(of pass: LayerPass, runUpSeconds: Double) throws -> Measurement {
        if step.needsPreparation(layer: pass.layer) { try step.prepare(layer: pass.layer) }
        if runUpSeconds > 0 { _ = try repeated(pass, seconds: runUpSeconds + drawSpreadSeconds()) }
        return try measure(.layer, pass, hasRunUp: runUpSeconds > 0) {
            var iterations = 0
            let seconds = timing.windowSeconds - drawSpreadSeconds()
            let cost = try interval.cost { _ in iterations = try repeated(pass, seconds: seconds) }
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

    /// Runs a pass until the time is over, at least once, and counts.
    private func repeated(_ pass: LayerPass, seconds: Double) throws -> Int {
        let began = clock.now()
        var iterations = 0
        repeat {
            try step.run(pass)
            iterations += 1
        } while clock.now().seconds(since: began) < seconds
        return iterations
    }

    /// Runs `body` and checks what the box did meanwhile.
    ///
    /// - Parameters:
    ///   - hasRunUp: whether the frequency had time to settle before.
    ///   - body: returns no cost where only times can be measured.
    private func measure(
        _ subject: EnergyWindow.Subject, _ pass: LayerPass? = nil, hasRunUp: Bool,
        _ body: () throws -> (cost: Cost?, iterations: Int)
    ) throws -> Measurement {
        let before = conditions()
        let began = clock.now()
        var measurement = Measurement(subject: subject)
        let cost: Cost?
        do {
            (cost, measurement.iterations) = try body()
        } catch let failure as MeterFailure {
            // The work was done, so that a step that never succeeds uses up its retries.
            measurement.iterations = max(1, measurement.iterations)
            if let meter = interval.meter, unreadWindows < Self.maximumUnreadWindows, recovers(meter) {
                unreadWindows += 1
                measurement.rejection = Cost.Fault.interrupted.rawValue
            } else {
                measurement.meterFailure = dropMeter(because: "\(failure.error)")
            }
            return measurement
        }
        unreadWindows = 0
        let seconds = cost?.seconds ?? clock.now().seconds(since: began)
        let after = conditions()
        let disturbance = BoxConditions.disturbance(
            from: before, to: after, seconds: seconds, hasRunUp: hasRunUp,
            hasLoads: step.isInterrupted && subject != .layer)
        disturbances.add(disturbance, from: before, to: after, began: began, ended: clock.now())
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
            measurement.window = EnergyWindow(
                subject: subject, layer: pass?.layer, direction: pass?.direction, iterations: measurement.iterations,
                seconds: cost.meteredSeconds, workSeconds: cost.seconds, edgeSeconds: cost.edgeSeconds,
                pollingSeconds: cost.pollingSeconds, pollingJoules: cost.pollingJoules, cpuSeconds: cost.cpuSeconds,
                joules: cost.joules, startSeconds: began.seconds(since: start))
        }
        return measurement
    }

    /// Counters of the total that did not move in a window of many updates, as text; `nil` where all moved. Whatever updates
    /// them is gone, and zeros are not energies: with one domain of several the total would be too low.
    private func stoppedCounters(of meter: any EnergyMeter, _ cost: Cost) -> String? {
        guard cost.fault != .ambiguous, cost.fault != .interrupted,
            cost.meteredSeconds >= 0.2 * timing.windowSeconds
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
