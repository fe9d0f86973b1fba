import ProbeKit
import ProfileFormat
import Profiling
import Statistics
import Synchronization
import SystemIO
import Testing
import Workload

/// The experiment in virtual time, against known times and powers.
struct ExperimentTests {
    private func metered(
        _ step: SimulatedStep, on box: SimulatedBox, _ settings: ExperimentSettings
    ) throws -> ExperimentRecord {
        try Experiment(step: step, clock: box, meter: box, updates: SimulatedBox.updates, settings: settings).run()
    }

    @Test func findsKnownTimesAndPowers() throws {
        let box = SimulatedBox()
        let step = SimulatedStep.typical(on: box)
        let record = try metered(step, on: box, ExperimentSettings(budgetSeconds: 60, targetRelativeHalfWidth: 0.01))

        for (pass, plan) in step.plans {
            let times = try #require(record.times(of: pass))
            let time = try #require(Estimate.mean(of: times))
            #expect(abs(time.value - plan.seconds) <= 0.02 * plan.seconds, "time of \(pass)")
            let windows = record.energyWindows.filter {
                $0.layer == pass.layer && $0.direction == pass.direction
            }
            let power = try #require(Estimate.mean(of: windows.map { box.total(of: $0.joules) / $0.seconds }))
            #expect(abs(power.value - plan.watts) <= 0.02 * plan.watts, "power of \(pass)")
            #expect(power.count >= 5)
        }
        let idle = try #require(Estimate.mean(of: record.idleWindows.map { box.total(of: $0.joules) / $0.seconds }))
        #expect(abs(idle.value - box.idleWatts) < 0.02 * box.idleWatts)
        let stepTime = try #require(Estimate.mean(of: record.steps.map(\.seconds)))
        #expect(abs(stepTime.value - step.stepSeconds) < 0.01 * step.stepSeconds)
        #expect(record.meterFailure == nil)
        #expect(record.rejections.isEmpty)
    }

    /// A window shows the idle box after work, or work after the idle box, and not the average of both that a sensor shows
    /// at first.
    @Test func aSensorThatTrailsHasCaughtUpWhenAWindowBegins() throws {
        let box = SimulatedBox(trailingSeconds: 0.1)
        let step = SimulatedStep.typical(on: box)
        let record = try metered(step, on: box, ExperimentSettings(budgetSeconds: 60))
        for window in record.idleWindows {
            #expect(abs(box.total(of: window.joules) / window.seconds - box.idleWatts) < 0.02 * box.idleWatts)
        }
        for (pass, plan) in step.plans where pass.layer > 0 {
            let windows = record.energyWindows.filter {
                $0.layer == pass.layer && $0.direction == pass.direction
            }
            #expect(windows.count > 2)
            let watts = windows.map { box.total(of: $0.joules) / $0.seconds }.reduce(0, +) / Double(windows.count)
            #expect(abs(watts - plan.watts) < 0.01 * plan.watts, "\(pass)")
        }
        let planted = step.stepJoules / step.stepSeconds
        for window in record.energyWindows where window.subject == .step {
            #expect(abs(box.total(of: window.joules) / window.seconds - planted) < 0.05 * planted)
        }
        #expect(record.traces.isEmpty, "what the sensor shows between layers is of the layers before")
    }

    @Test func endsEarlyWhenIntervalsAreNarrow() throws {
        let box = SimulatedBox()
        _ = try Experiment(
            step: SimulatedStep.typical(on: box, noise: 0.001), clock: box,
            settings: ExperimentSettings(budgetSeconds: 1000)
        ).run()
        #expect(box.now().nanoseconds < 10_000_000_000)
    }

    @Test func endsWithTheBudgetWhenNoiseIsLarge() throws {
        let box = SimulatedBox()
        let record = try Experiment(
            step: SimulatedStep.typical(on: box, noise: 0.9), clock: box,
            settings: ExperimentSettings(budgetSeconds: 3, targetRelativeHalfWidth: 0.0001)
        ).run()
        let seconds = Double(box.now().nanoseconds) * 1e-9
        #expect(seconds >= 0.9 * 3 && seconds < 3.5)
        #expect(record.steps.count > 5)
    }

    /// Time that is too short for another pair of steps is not filled with idle windows.
    @Test(arguments: [6.0, 20, 60]) func aRunDoesNotEndInIdleWindows(budget: Double) throws {
        let box = SimulatedBox()
        let step = SimulatedStep.typical(on: box, scale: 40)
        let record = try metered(
            step, on: box,
            ExperimentSettings(budgetSeconds: budget, loopsPasses: false, measuresInstrumentationOverhead: false))
        let lastStep = try #require(record.energyWindows.map(\.startSeconds).max())
        #expect(record.idleWindows.count { $0.startSeconds > lastStep } <= 2)
        #expect(Double(box.now().nanoseconds) * 1e-9 < max(budget * 1.05, 6 * step.stepSeconds + 4))
    }

    @Test func takesTheMinimumOfSamplesPastATinyBudget() throws {
        let box = SimulatedBox()
        let record = try Experiment(
            step: SimulatedStep.typical(on: box), clock: box, settings: ExperimentSettings(budgetSeconds: 0.001)
        ).run()
        #expect(record.steps.count >= 2)
        #expect(record.layerTimes.allSatisfy { $0.seconds.count >= 2 })
    }

    @Test func withoutMeterThereIsNoEnergy() throws {
        let box = SimulatedBox()
        let record = try Experiment(
            step: SimulatedStep.typical(on: box), clock: box, settings: ExperimentSettings(budgetSeconds: 2)
        ).run()
        #expect(record.energyWindows.isEmpty && record.idleWindows.isEmpty)
        #expect(record.overhead.secondsPerMeterRead == nil)
    }

    @Test func aMeterThatFailsDropsItsEnergyAndKeepsTheTimes() throws {
        let box = SimulatedBox(failsAtRead: 120)
        let record = try metered(SimulatedStep.typical(on: box), on: box, ExperimentSettings(budgetSeconds: 10))
        #expect(record.energyWindows.isEmpty && record.idleWindows.isEmpty)
        #expect(record.meterFailure?.contains("gone") == true)
        #expect(record.steps.count >= 2)
    }

    @Test func aCounterThatWrapsTooFastIsRefusedNotGuessed() throws {
        // 5 J of range: within 0.1 s a box of 2000 W could have gone round it many times.
        let box = SimulatedBox(range: 5_000_000)
        let step = SimulatedStep.typical(on: box)
        let record = try metered(step, on: box, ExperimentSettings(budgetSeconds: 20))
        #expect(record.energyWindows.isEmpty)
        #expect(record.steps.count >= 2)
        #expect(record.rejections.contains { $0.reason.contains("wrapped") && $0.count > 0 })
    }

    @Test func loadsOfWeightsAreKeptOutOfTimesAndEnergy() throws {
        let box = SimulatedBox()
        let step = SimulatedStep.typical(on: box, loadSeconds: 0.05)
        let record = try metered(step, on: box, ExperimentSettings(budgetSeconds: 60))
        let time = try #require(Estimate.mean(of: record.steps.map(\.seconds)))
        #expect(abs(time.value - step.stepSeconds) < 0.01 * step.stepSeconds)
        // Loads draw 50 W, the step about 24 W: a counter read at its staleness would give the one to the other.
        let windows = record.energyWindows.filter { $0.subject == .step }
        let power = try #require(
            Estimate.ratio(of: windows.map { box.total(of: $0.joules) }, to: windows.map(\.seconds)))
        let planted = step.stepJoules / step.stepSeconds
        #expect(abs(power.value - planted) < 0.03 * planted, "\(power.value) W, planted \(planted) W")
    }

    @Test func aCounterThatStandsStillIsAFailureAndNoZero() throws {
        let box = SimulatedBox(stopsAtSeconds: 4)
        let record = try metered(SimulatedStep.typical(on: box), on: box, ExperimentSettings(budgetSeconds: 10))
        #expect(record.energyWindows.isEmpty && record.idleWindows.isEmpty)
        #expect(record.meterFailure?.contains("stood still") == true)
        #expect(record.steps.count >= 2)
    }

    /// The total still moves, and would be that of half the box.
    @Test func aPackageWhoseCounterStandsStillIsAFailure() throws {
        let box = SimulatedBox(secondStopsAtSeconds: 4)
        let record = try metered(SimulatedStep.typical(on: box), on: box, ExperimentSettings(budgetSeconds: 10))
        #expect(record.energyWindows.isEmpty && record.idleWindows.isEmpty && record.traces.isEmpty)
        let reason = try #require(record.meterFailure)
        #expect(reason.contains("package-1") && reason.contains("stood still") && !reason.contains("package-0"))
        #expect(record.steps.count >= 2)
    }

    @Test func twoPackagesThatMoveAreMeasured() throws {
        let box = SimulatedBox(secondStopsAtSeconds: .infinity)
        let record = try metered(SimulatedStep.typical(on: box), on: box, ExperimentSettings(budgetSeconds: 10))
        #expect(record.meterFailure == nil && !record.energyWindows.isEmpty)
        #expect(record.energyWindows.allSatisfy { $0.joules["package-0"] == $0.joules["package-1"] })
    }

    /// A bus that is busy for a moment: what was measured before and after is energy all the same.
    @Test(arguments: [1, 120, 400, 2000]) func aReadThatFailsOnceCostsItsWindowOnly(read: Int) throws {
        let box = SimulatedBox(failsAtRead: read, recoversAtRead: read + 2)
        let record = try metered(SimulatedStep.typical(on: box), on: box, ExperimentSettings(budgetSeconds: 10))
        #expect(record.meterFailure == nil)
        #expect(record.energyWindows.count > 5 && !record.idleWindows.isEmpty)
        let unread = record.rejections.filter { $0.reason.contains("could not be read") }
        #expect(unread.reduce(0) { $0 + $1.count } <= 1)
    }

    @Test func windowsAcrossAWrapAreRight() throws {
        // 600 J of range: at about 25 W the counter wraps every 24 s, once or twice in the run.
        let box = SimulatedBox(range: 600_000_000)
        let step = SimulatedStep.typical(on: box)
        let record = try metered(step, on: box, ExperimentSettings(budgetSeconds: 60, targetRelativeHalfWidth: 0.0005))
        let shown = box.state.withLock { $0.joules }
        #expect(shown > 1000)
        for window in record.energyWindows where window.subject == .layer {
            let watts = box.total(of: window.joules) / window.seconds
            #expect(watts > 10 && watts < 30)
        }
        #expect(record.rejections.isEmpty)
    }

    @Test func disturbedWindowsAreRejectedAndCounted() throws {
        let box = SimulatedBox()
        var readings = 0
        let record = try Experiment(
            step: SimulatedStep.typical(on: box), clock: box, settings: ExperimentSettings(budgetSeconds: 5),
            conditions: {
                readings += 1
                // Every tenth reading finds another throttling event.
                return BoxConditions(stealSeconds: 0, throttleCount: readings / 10)
            }
        ).run()
        #expect(record.rejections.reduce(0) { $0 + $1.count } > 0)
        #expect(record.rejections.allSatisfy { $0.reason.contains("thermal throttling") })
        #expect(record.steps.count >= 2)
    }

    /// A pass with a run-up starts at a settled frequency; one that fills a window by itself, or the idle box, need not.
    @Test(arguments: [(0.005, true), (0.2, false)])
    func aChangeOfFrequencyDisturbsWhatWasRunUp(seconds: Double, isDisturbed: Bool) throws {
        let box = SimulatedBox()
        let pass = { LayerPass(layer: $0, direction: $1) }
        let plan = SimulatedStep.Plan(seconds: seconds, watts: 20)
        let step = SimulatedStep(
            box: box, plans: [pass(0, .forward): plan, pass(1, .forward): plan, pass(1, .backward): plan],
            layerCount: 2)
        var readings = 0
        let record = try Experiment(
            step: step, clock: box, meter: box, updates: SimulatedBox.updates,
            settings: ExperimentSettings(budgetSeconds: 10),
            conditions: {
                readings += 1
                // Every eighth reading finds another frequency.
                return BoxConditions(frequencyHertz: readings % 16 < 8 ? 1e9 : 2e9)
            }
        ).run()
        #expect(record.rejections.contains { $0.reason == "layer window: frequency change" } == isDisturbed)
        #expect(!record.rejections.contains { $0.reason.hasPrefix("idle") })
    }

    @Test func aBoxThatDisturbsEverythingIsRefused() throws {
        let box = SimulatedBox()
        var readings = 0
        let experiment = Experiment(
            step: SimulatedStep.typical(on: box), clock: box, settings: ExperimentSettings(budgetSeconds: 1),
            conditions: {
                readings += 1
                return BoxConditions(stealSeconds: nil, throttleCount: readings)
            })
        #expect { try experiment.run() } throws: { ($0 as? KerfError)?.code == .disturbed }
    }

    @Test func interruptionEndsTheRun() throws {
        let box = SimulatedBox()
        let experiment = Experiment(
            step: SimulatedStep.typical(on: box, noise: 0.9), clock: box,
            settings: ExperimentSettings(budgetSeconds: 100, targetRelativeHalfWidth: 0.0001),
            shouldStop: { box.now().nanoseconds > 1_000_000_000 })
        #expect { try experiment.run() } throws: { ($0 as? KerfError)?.code == .interrupted }
    }

    @Test func theSeedFixesTheOrder() throws {
        func order(seed: UInt64) throws -> [String] {
            let box = SimulatedBox()
            let record = try metered(
                SimulatedStep.typical(on: box), on: box, ExperimentSettings(budgetSeconds: 5, seed: seed))
            return record.energyWindows.map { "\($0.subject) \($0.layer ?? -1) \($0.direction?.rawValue ?? "")" }
        }
        let first = try order(seed: 1)
        #expect(try order(seed: 1) == first)
        #expect(try order(seed: 2) != first)
    }

    @Test func samplesOfAllPassesBelongToTheSameSteps() throws {
        let box = SimulatedBox()
        let step = SimulatedStep.typical(on: box)
        let record = try Experiment(step: step, clock: box, settings: ExperimentSettings(budgetSeconds: 2)).run()
        #expect(Set(record.layerTimes.map(\.seconds.count)).count == 1)
        #expect(record.layerTimes.count == step.passes.count)
        #expect(!record.layerTimes.contains { $0.layer == 0 && $0.direction == .backward })
    }
}

extension ExperimentRecord {
    fileprivate func times(of pass: LayerPass) -> [Double]? {
        layerTimes.first { $0.layer == pass.layer && $0.direction == pass.direction }?.seconds
    }
}
