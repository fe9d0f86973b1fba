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
    /// When the intervals were looked at last, and how many looks in a row found them narrow enough.
    var lastLookSeconds = 0.0
    var narrowLooks = 0

    /// - Parameters:
    ///   - updateIntervalSeconds: the meter's, or `nil` when it is not known.
    ///   - conditions: looks at throttling and stolen time; called around every step and window.
    ///   - shouldStop: asked between passes that may be long; `true` ends the run with
    ///     ``ProfilingError/Code/interrupted``.
    public init(
        step: any ProfiledStep, clock: any ExperimentClock = SystemClock(), meter: (any EnergyMeter)? = nil,
        updateIntervalSeconds: Double? = nil, settings: ExperimentSettings = ExperimentSettings(),
        conditions: @escaping () -> BoxConditions = { BoxConditions() },
        shouldStop: @escaping () -> Bool = { false }, progress: @escaping (Progress) -> Void = { _ in },
        logger: Logger = Logger(label: "kerf.profiling", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.step = step
        self.clock = clock
        self.gauge = CostGauge(clock: clock, meter: meter)
        self.windowSeconds = max(
            ExperimentSettings.shortestWindowSeconds,
            (updateIntervalSeconds ?? 0) * ExperimentSettings.updatesPerWindow)
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
        try takeIdleWindow()
        for _ in 0..<ExperimentSettings.warmUpSteps {
            report("warm-up")
            _ = try InstrumentedStep.run(step, clock: clock, checkpoint: checkpoint)
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
        try takeIdleWindow()
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
                let once = typicalSeconds(of: pass)
                windowsSeconds += max(windowSeconds, once) + max(0.2 * windowSeconds, once)
            }
        }
        let stepsSeconds = isBurst ? windowSeconds : record.steps.last?.seconds ?? windowSeconds
        let repeats = Int(min(8, max(1, windowsSeconds / (2 * stepsSeconds))))
        for _ in 0..<repeats { tasks += [.plainSteps, .instrumentedSteps] }
        return tasks.shuffled(using: &generator)
    }

    private func perform(_ task: Task) throws {
        report("measuring")
        try checkpoint()
        switch task {
        case .plainSteps: try takePlainSteps()
        case .instrumentedSteps: try takeInstrumentedSteps()
        case .idle: try takeIdleWindow()
        case .window(let pass): try takeWindow(of: pass)
        }
    }

    /// Whole steps without marks, as many as fill a window; each a time sample, together an energy window.
    private func takePlainSteps() throws {
        try warmForBurst()
        var samples: [StepSample] = []
        try takeEnergyWindow(.step) {
            samples = []
            var total = Cost()
            repeat {
                let cost = try step.costOfStep(gauge: gauge, checkpoint: checkpoint)
                samples.append(StepSample(seconds: cost.seconds, cpuSeconds: cost.cpuSeconds))
                total += cost
            } while (gauge.meter != nil || samples.count < ExperimentSettings.longestBurst)
                && isBurst && total.seconds < windowSeconds
            return (total, samples.count)
        } keep: {
            record.steps += samples
        }
    }

    private func takeInstrumentedSteps() throws {
        try warmForBurst()
        let before = conditions()
        let began = clock.now()
        var samples: [InstrumentedStep] = []
        repeat {
            samples.append(try InstrumentedStep.run(step, clock: clock, checkpoint: checkpoint))
        } while isBurst && samples.count < ExperimentSettings.longestBurst
            && clock.now().seconds(since: began) < windowSeconds
        let seconds = clock.now().seconds(since: began)
        if let reason = spoiling(since: before, seconds: seconds) {
            record.rejectedSteps += samples.count
            reject("instrumented step: \(reason)")
        } else {
            samples.forEach { record.append($0) }
        }
    }

    /// Whether steps are so short that several are taken together.
    private var isBurst: Bool { record.steps.last.map { $0.seconds < windowSeconds } ?? false }

    /// The first of several short steps finds the caches as other work left them, the later ones do not. One goes
    /// unrecorded, so that steps with and without instruments are taken under the same conditions.
    private func warmForBurst() throws {
        if isBurst { _ = try step.costOfStep(gauge: CostGauge(clock: clock, meter: nil), checkpoint: checkpoint) }
    }

    /// One pass repeated for a window. It is repeated for a fifth of one before, so that power and the counters'
    /// staleness are steady when the window opens.
    private func takeWindow(of pass: LayerPass) throws {
        if step.needsPreparation(layer: pass.layer) { try step.prepare(layer: pass.layer) }
        _ = try repeated(pass, seconds: 0.2 * windowSeconds)
        try takeEnergyWindow(.layer, pass) {
            var iterations = 0
            let cost = try gauge.cost { iterations = try repeated(pass, seconds: windowSeconds) }
            return (cost, iterations)
        }
    }

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

    private func takeIdleWindow() throws {
        guard gauge.meter != nil else { return }
        // Worker threads of the last pass spin for a few milliseconds before they sleep.
        clock.sleep(seconds: 0.03)
        try takeEnergyWindow(.idle) {
            let cost = try gauge.cost { clock.sleep(seconds: ExperimentSettings.idleWindowSeconds) }
            return (cost, 0)
        }
    }

    /// Takes a window, checks what the box did meanwhile, and keeps or rejects it.
    private func takeEnergyWindow(
        _ subject: EnergyWindow.Subject, _ pass: LayerPass? = nil,
        _ body: () throws -> (cost: Cost, iterations: Int), keep: () -> Void = {}
    ) throws {
        let before = conditions()
        let began = clock.now()
        guard let (cost, iterations) = try metering(body) else { return }
        if let reason = spoiling(since: before, seconds: cost.seconds) {
            if subject == .step { record.rejectedSteps += iterations }
            reject("\(subject.rawValue) window: \(reason)")
            return
        }
        keep()
        guard gauge.meter != nil else { return }
        if cost.isAmbiguous {
            reject("\(subject.rawValue) window: the counter may have wrapped more than once")
            return
        }
        guard !hasStopped(cost) else {
            giveUpMeter(because: "its counters stood still for a whole window, \(elapsedSeconds) s after the start")
            return
        }
        record.append(
            EnergyWindow(
                subject: subject, layer: pass?.layer, direction: pass?.direction.rawValue, iterations: iterations,
                seconds: cost.meteredSeconds, cpuSeconds: cost.cpuSeconds, joules: cost.joules,
                startSeconds: began.seconds(since: start)))
    }

    /// Why the time since `before` is spoiled; notes the clock when it is not.
    private func spoiling(since before: BoxConditions, seconds: Double) -> String? {
        let after = conditions()
        if let reason = BoxConditions.spoiling(from: before, to: after, seconds: seconds) { return reason }
        if let hertz = after.clockHertz { record.clockHertz.append(hertz) }
        return nil
    }

    private func reject(_ reason: String) {
        logger.debug("rejected", metadata: ["reason": "\(reason)", "at_seconds": "\(elapsedSeconds)"])
        record.reject(reason)
    }

    /// Runs something that reads the meter. A meter that fails is given up, and what it said before with it.
    private func metering<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch let error as ProbeError {
            giveUpMeter(because: "\(error)")
        }
        return nil
    }

    private func giveUpMeter(because reason: String) {
        logger.debug("meter given up", metadata: ["reason": "\(reason)"])
        record.dropEnergy(because: "\(gauge.meter?.name ?? "meter") failed during the run: \(reason)")
        gauge = CostGauge(clock: clock, meter: nil)
    }

    /// Whether no counter of the total moved in a window of many updates: whoever feeds it has gone, and its zeros are
    /// no energies.
    private func hasStopped(_ cost: Cost) -> Bool {
        guard let meter = gauge.meter, cost.meteredSeconds >= 0.2 * windowSeconds else { return false }
        return meter.total(of: cost.joules) == 0
    }
}
