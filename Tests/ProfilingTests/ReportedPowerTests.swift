import Calibration
import Estimation
import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import Statistics
import SystemIO
import Testing
import Workload

/// Runs in virtual time with a meter that another program reads: a sample a second, 300 ms late, with gaps.
@Suite("A meter of one sample a second")
struct ReportedPowerTests {
    private struct Run {
        let box: SimulatedBox
        let plug: SimulatedPlug
        let step: SimulatedStep
        let record: ExperimentRecord

        func watts(_ windows: [EnergyWindow]) throws -> Estimate {
            try #require(
                WindowPower(idleWindows: record.idleWindows, totalOf: ["wall"], confidence: 0.95).gross(windows))
        }

        func windows(of subject: EnergyWindow.Subject) -> [EnergyWindow] {
            record.energyWindows.filter { $0.subject == subject }
        }

        /// Joules and times as a calibration has them.
        func energy(of pass: LayerPass) -> LayerEnergy {
            LayerEnergy(
                layer: pass.layer, direction: pass.direction,
                meter: MeterDescription(
                    name: "program", origin: .simulated, domains: plug.tree.domains, totalOf: ["wall"],
                    updateIntervalSeconds: .unavailable("not asked for")),
                idleWindows: record.idleWindows, windows: record.energyWindows,
                seconds: record.layerTimes.first { $0.pass == pass }?.seconds ?? [], steps: record.instrumentedSteps,
                confidence: 0.95)
        }
    }

    private func run(budget: Double, _ flaws: SimulatedPlug.Flaws) throws -> Run {
        let box = SimulatedBox(keepsHistory: true)
        let plug = SimulatedPlug(box, flaws)
        let fit = try #require(try plug.learnDelay())
        #expect(fit.lowerSeconds <= 0.32 && fit.upperSeconds >= 0.3, "\(fit)")
        #expect(fit.longestSeconds >= 1.3, "\(fit)")
        let step = SimulatedStep.typical(on: box, scale: 3)
        let record = try Experiment(
            step: step, clock: box, meter: plug, updates: SimulatedPlug.updates,
            settings: ExperimentSettings(budgetSeconds: budget)
        ).run()
        return Run(box: box, plug: plug, step: step, record: record)
    }

    private func expect(_ estimate: Estimate, near planted: Double, _ what: String) {
        let isHeld = estimate.lower <= planted && planted <= estimate.upper
        #expect(isHeld || abs(estimate.value / planted - 1) < 0.02, "\(what): \(estimate), planted \(planted)")
        #expect(abs(estimate.value / planted - 1) < 0.05, "\(what): \(estimate), planted \(planted)")
    }

    /// A minute has windows of whole steps, and none for each of nine passes.
    @Test func aShortRunHasTheStepsEnergyAndNoLayers() throws {
        let run = try run(budget: 90, .init(gapProbability: 0.03))
        try expect(run.watts(run.windows(of: .step)), near: run.step.stepJoules / run.step.stepSeconds, "step")
        let idle = try #require(Estimate.mean(of: run.record.idleWindows.map { ($0.joules["wall"] ?? 0) / $0.seconds }))
        expect(idle, near: run.box.idleWatts, "idle")
        #expect(run.windows(of: .step).count >= 3 && run.windows(of: .layer).isEmpty)
        #expect(run.record.traces.isEmpty && run.record.overhead.secondsPerMeterRead == nil)
        let rejected = try #require(run.record.rejections.first { $0.reason.hasPrefix("layer window: ") })
        #expect(rejected.reason.contains("samples need windows of") && rejected.count == 9)
        for pass in run.step.plans.keys {
            let energy = run.energy(of: pass)
            #expect(energy.grossJoules.value == nil && energy.netJoules.value == nil)
            #expect(energy.grossJoules.reason?.contains("not resolved") == true)
        }
        // The budget is kept although each window waits for its samples.
        #expect(Double(run.box.now().nanoseconds) * 1e-9 < 90 + 40)
    }

    @Test func aLongRunHasTheLayersToo() throws {
        let run = try run(budget: 1200, .init(gapProbability: 0.08))
        try expect(run.watts(run.windows(of: .step)), near: run.step.stepJoules / run.step.stepSeconds, "step")
        for (pass, plan) in run.step.plans {
            let windows = run.record.energyWindows.filter { $0.layer == pass.layer && $0.direction == pass.direction }
            #expect(windows.count >= 3, "\(pass)")
            try expect(run.watts(windows), near: plan.watts, "\(pass)")
        }
        // Windows that lack several samples are rejected, and said.
        #expect(run.plug.missingCount > 0)
        #expect(run.record.rejections.contains { $0.reason.contains("samples of the meter are missing") })
    }

    /// Without the margin of the delay, windows would hold a part of what came before them.
    @Test func everyWindowIsOfItsOwnWorkAlone() throws {
        let run = try run(budget: 200, .init(noise: 0))
        let planted = run.step.stepJoules / run.step.stepSeconds
        #expect(run.windows(of: .step).count > 3)
        for window in run.windows(of: .step) {
            #expect(abs((window.joules["wall"] ?? 0) / window.seconds / planted - 1) < 0.02)
            #expect(window.seconds > 1.9 && window.edgeSeconds ?? 0 > 0 && window.workSeconds ?? 0 <= window.seconds)
        }
        for window in run.record.idleWindows {
            #expect(abs((window.joules["wall"] ?? 0) / window.seconds / run.box.idleWatts - 1) < 1e-6)
        }
    }

    /// What the program reported before its end is kept; what follows has no energy.
    @Test func aProgramThatEndsLosesOnlyWhatFollows() throws {
        let run = try run(budget: 200, .init(endsAtSeconds: 150))
        #expect(run.record.meterFailure == nil)
        #expect(run.windows(of: .step).count >= 3 && run.record.idleWindows.count >= 2)
        #expect(run.record.energyWindows.allSatisfy { $0.startSeconds < 150 })
        #expect(run.record.rejections.contains { $0.reason.contains("the meter has ended") && $0.count == 1 })
        #expect((run.record.steps.map { $0.startSeconds ?? 0 }.max() ?? 0) > 150, "the times go on")
        try expect(run.watts(run.windows(of: .step)), near: run.step.stepJoules / run.step.stepSeconds, "step")
    }
}
