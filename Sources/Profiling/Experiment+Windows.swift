import Logging
import ProbeKit
import ProfileFormat
import Statistics
import SystemIO
import Workload

/// Taking windows.
extension Experiment {
    /// One pass repeated for a window, after a run-up that makes its power steady.
    func takeWindow(of pass: LayerPass) throws {
        if step.needsPreparation(layer: pass.layer) { try step.prepare(layer: pass.layer) }
        let runUp = runUpSeconds(of: pass)
        if runUp > 0 { _ = try repeated(pass, seconds: runUp + drawSpreadSeconds()) }
        try takeEnergyWindow(.layer, pass) {
            var iterations = 0
            let seconds = windowSeconds - drawSpreadSeconds()
            let cost = try gauge.cost { iterations = try repeated(pass, seconds: seconds) }
            return (cost, iterations)
        }
    }

    /// Up to two updates, at random: by so much a window is shorter, and what comes before it longer, than planned.
    ///
    /// A coarse counter shows an update only when it has reached its next unit, and hides what it is beyond that. Work of
    /// always the same length and power would begin and end at always the same place between two units, and be off by always
    /// the same.
    func drawSpreadSeconds() -> Double { spreadSeconds * generator.uniform() }

    var spreadSeconds: Double { min(2 * updateSeconds, windowSeconds / 2) }

    /// A fifth of a window; none for a pass that fills a window by itself, which a run-up would double. A sensor that trails
    /// has to show nothing but the pass when the window begins.
    func runUpSeconds(of pass: LayerPass) -> Double {
        max(trailingSeconds, plannedSeconds(of: pass) < windowSeconds ? 0.2 * windowSeconds : 0)
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

    /// Worker threads of the last pass spin for a few milliseconds before they sleep.
    var restSeconds: Double { max(0.03, trailingSeconds) }

    /// About a quarter as long as the work of a cycle; the first, as much as the budget can spare.
    var idleSeconds: Double {
        let quarter = cycleSeconds > 0 ? cycleSeconds / 4 : settings.budgetSeconds / 20
        return max(windowSeconds, min(ExperimentSettings.idleWindowSeconds, quarter, longestWindowSeconds))
    }

    /// The idle box.
    func takeIdleWindow() throws {
        guard gauge.meter != nil else { return }
        clock.sleep(seconds: restSeconds + drawSpreadSeconds())
        let seconds = idleSeconds - drawSpreadSeconds()
        try takeEnergyWindow(.idle) { (try gauge.cost { clock.sleep(seconds: seconds) }, 0) }
    }

    /// Takes a window, checks what the box did meanwhile, and keeps or rejects it.
    ///
    /// - Parameter body: returns no cost where there is only time to be had.
    func takeEnergyWindow(
        _ subject: EnergyWindow.Subject, _ pass: LayerPass? = nil,
        _ body: () throws -> (cost: Cost?, iterations: Int), keep: () -> Void = {}
    ) throws {
        let before = conditions()
        let began = clock.now()
        guard let (cost, iterations) = try metering(body) else { return }
        let seconds = cost?.seconds ?? clock.now().seconds(since: began)
        if let reason = disturbance(since: before, seconds: seconds, subject, pass) {
            if subject == .step || subject == .instrumentedStep { record.rejectedSteps += iterations }
            reject("\(subject.rawValue) window: \(reason)")
            return
        }
        keep()
        guard gauge.meter != nil, let cost else { return }
        guard !hasStopped(cost) else {
            giveUpMeter(because: "its counters stood still for a whole window")
            return
        }
        if let fault = cost.fault {
            reject("\(subject.rawValue) window: \(fault.rawValue)")
            return
        }
        record.append(
            EnergyWindow(
                subject: subject, layer: pass?.layer, direction: pass?.direction, iterations: iterations,
                seconds: cost.meteredSeconds, workSeconds: cost.seconds, edgeSeconds: cost.edgeSeconds,
                pollingSeconds: cost.pollingSeconds, pollingJoules: cost.pollingJoules, cpuSeconds: cost.cpuSeconds,
                joules: cost.joules, startSeconds: began.seconds(since: start)))
    }

    /// Why the time since `before` is spoiled; notes the clock when it is not.
    private func disturbance(
        since before: BoxConditions, seconds: Double, _ subject: EnergyWindow.Subject, _ pass: LayerPass?
    ) -> String? {
        let after = conditions()
        let hasRunUp = subject != .idle && (pass.map { runUpSeconds(of: $0) > 0 } ?? isBurst)
        if let reason = BoxConditions.disturbance(
            from: before, to: after, seconds: seconds, hasRunUp: hasRunUp,
            hasLoads: step.isInterrupted && subject != .layer)
        {
            return reason
        }
        if let hertz = after.frequencyHertz { record.clockHertz.append(hertz) }
        return nil
    }

    private func reject(_ reason: String) {
        logger.debug("rejected", metadata: ["reason": "\(reason)", "at_seconds": "\(elapsedSeconds)"])
        record.reject(reason)
    }

    /// Runs something that reads the meter. A meter that fails is given up, and what it said before with it.
    func metering<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch let failure as MeterFailure {
            giveUpMeter(because: "\(failure.error)")
        }
        return nil
    }

    private func giveUpMeter(because reason: String) {
        logger.debug("meter given up", metadata: ["reason": "\(reason)"])
        record.dropEnergy(because: "\(gauge.meter?.name ?? "meter") failed during the run: \(reason)")
        gauge = MeteredInterval(clock: clock, meter: nil)
    }

    /// Whether no counter of the total moved in a window of many updates: whoever feeds it has gone, and its zeros are
    /// no energies.
    private func hasStopped(_ cost: Cost) -> Bool {
        guard let meter = gauge.meter, cost.fault != .ambiguous, cost.meteredSeconds >= 0.2 * windowSeconds else {
            return false
        }
        return meter.total(of: cost.joules) == 0
    }
}
