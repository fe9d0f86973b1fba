import Calibration
import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import SystemIO
import TestSupport
import Testing
import Workload

/// The sweep in virtual time, from the first visit to the fitted laws, against known laws.
struct FrequencySweepTests {
    private static let setpoints = stride(from: 0.8e9, through: 2.4e9, by: 0.2e9).map {
        FrequencySetpoint(hertz: $0, policyHertz: ["policy0": $0])
    }

    private func sweep(
        _ step: ClockedStep, setpoints: [FrequencySetpoint] = setpoints, seed: UInt64 = 3, budgetSeconds: Double = 30,
        isMetered: Bool = true, conditions: @escaping () -> BoxConditions = { BoxConditions() }
    ) throws -> FrequencySweep {
        let box = step.box
        let log = DisturbanceLog()
        return try FrequencySweepRun(
            setpoints: setpoints, control: step, clock: box,
            settings: ExperimentSettings(budgetSeconds: budgetSeconds, seed: seed)
        ) { settings, progress in
            Experiment(
                step: step, clock: box, meter: isMetered ? box : nil, updates: SimulatedBox.updates, settings: settings,
                conditions: {
                    var now = conditions()
                    now.frequencyHertz = step.hertz
                    return now
                }, disturbances: log, progress: progress)
        }.run()
    }

    /// What the calibration makes of a sweep.
    private func calibrate(_ sweep: FrequencySweep, on step: ClockedStep) throws -> Calibration {
        var planted = SyntheticProfile()
        planted.blocks = step.layerCount - 2
        var profile = planted.make()
        profile.frequencySweep = sweep
        profile.meter.domains = step.box.tree.domains
        profile.meter.totalOf = step.box.tree.counted.map(\.identifier)
        profile.idleWindows = []
        profile.energyWindows = []
        return try Calibrator.calibrate([.init(name: "planted", bytes: KerfJSON.encode(profile))])
    }

    /// Powers here have no noise, so intervals are a few parts in a hundred thousand; 1e-4 is close enough.
    private func encloses(_ quantity: Quantity, _ truth: Double) -> Bool {
        guard let lower = quantity.lower, let upper = quantity.upper else { return false }
        return lower <= truth * (1 + 1e-4) && truth * (1 - 1e-4) <= upper
    }

    @Test func findsThePlantedLaws() throws {
        let step = ClockedStep(box: SimulatedBox())
        let calibration = try calibrate(sweep(step), on: step)
        let laws = try #require(calibration.frequencyLaws)
        #expect(laws.stepsHertz == Self.setpoints.map(\.hertz) && laws.referenceHertz == 2.4e9)
        #expect(laws.passes.count == 2 * step.layerCount - 1)
        var (fixed, cycles) = (0.0, 0.0)
        for pass in laws.passes {
            let direction: Direction = pass.direction == .forward ? .forward : .backward
            let truth = ClockedStep.law(.init(layer: pass.layer, direction: direction), layerCount: step.layerCount)
            fixed += truth.fixedSeconds
            cycles += truth.cycles
            for hertz in laws.stepsHertz {
                let planted = truth.fixedSeconds + truth.cycles / hertz
                let found = try #require(pass.time.seconds(atHertz: hertz))
                #expect(abs(found - planted) < 0.01 * planted, "layer \(pass.layer) \(pass.direction) at \(hertz) Hz")
            }
        }
        // Every one lies within its 95 % interval here; how often they do is tested on the fits themselves.
        #expect(encloses(laws.stepTime.fixedSeconds, fixed) && encloses(laws.stepTime.cycles, cycles))
        #expect((laws.stepTime.fixedSeconds.relativeHalfWidth ?? 1) < 0.05)
        #expect(laws.stepTime.maximumResidual < 0.01)
        #expect(laws.inverseFrequencyResidual > 0.05, "the paper's law knows no time that memory takes")
        let power = try #require(laws.grossPower)
        #expect(encloses(power.exponent, ClockedStep.exponent), "\(power.exponent)")
        #expect(encloses(power.staticWatts, ClockedStep.staticWatts), "\(power.staticWatts)")
        #expect(encloses(power.dynamicWatts, ClockedStep.dynamicWatts), "\(power.dynamicWatts)")
        #expect(power.maximumResidual < 0.01 && (laws.cubicPowerResidual ?? 0) > 0.1)
        let net = try #require(laws.netPower)
        let expected = ClockedStep.staticWatts - step.box.idleWatts
        #expect(abs((net.staticWatts.value ?? 0) - expected) < 0.1 * expected)
    }

    @Test func everyRoundVisitsAllFrequenciesInTheSeedsOrder() throws {
        let first = try sweep(ClockedStep(box: SimulatedBox()))
        let count = Self.setpoints.count
        #expect(first.visits.count == FrequencySweepRun.rounds * count && first.seed == 3)
        for round in 0..<FrequencySweepRun.rounds {
            let visited = first.visits[(round * count)..<((round + 1) * count)].map(\.hertz)
            #expect(Set(visited) == Set(Self.setpoints.map(\.hertz)) && visited != visited.sorted())
        }
        #expect(first == (try sweep(ClockedStep(box: SimulatedBox()))))
        let other = try sweep(ClockedStep(box: SimulatedBox()), seed: 4)
        #expect(other.visits.map(\.hertz) != first.visits.map(\.hertz))
    }

    /// Seconds in virtual time, in which nothing else is done between two visits.
    @Test func visitsKnowWhenTheyWere() throws {
        let visits = try sweep(ClockedStep(box: SimulatedBox())).visits
        let starts = visits.compactMap(\.startSeconds)
        #expect(starts.count == visits.count && starts.first == 0)
        for (visit, next) in zip(visits, starts.dropFirst()) {
            let ends = visit.steps.compactMap { step in step.startSeconds.map { $0 + step.seconds } }
            #expect(ends.count == visit.steps.count && (visit.startSeconds ?? 0) + (ends.max() ?? 0) < next)
        }
    }

    @Test func lawsUseTheFrequencyThatWasAchieved() throws {
        // A power limit keeps the box at 1.8 GHz and below.
        let step = ClockedStep(box: SimulatedBox(), achieving: { min($0, 1.8e9) })
        let calibration = try calibrate(sweep(step), on: step)
        let laws = try #require(calibration.frequencyLaws)
        #expect(laws.stepTime.maximumResidual < 0.01)
        #expect(calibration.warnings.contains { $0.contains("9 of 27 visits") && $0.contains("-25.0 %") })
    }

    @Test func aFrequencyThatDoesNotFollowGivesNoLaws() throws {
        let step = ClockedStep(box: SimulatedBox(), achieving: { _ in 2e9 })
        let calibration = try calibrate(sweep(step), on: step)
        #expect(calibration.frequencyLaws == nil)
        #expect(calibration.warnings.contains { $0.contains("did not follow") })
    }

    @Test func tooFewStepsGiveNoLawsAndSayHowMany() throws {
        let step = ClockedStep(box: SimulatedBox())
        let two = try calibrate(sweep(step, setpoints: [Self.setpoints[0], Self.setpoints[8]]), on: step)
        #expect(two.frequencyLaws == nil && two.warnings.contains { $0.contains("2 frequencies were swept") })
        let three = try calibrate(sweep(step, setpoints: [0, 4, 8].map { Self.setpoints[$0] }), on: step)
        #expect(three.frequencyLaws != nil && three.frequencyLaws?.grossPower == nil)
        #expect(three.warnings.contains { $0.contains("gross power") && $0.contains("3 frequencies") })
    }

    @Test func withoutAMeterThereAreTimesOnly() throws {
        let step = ClockedStep(box: SimulatedBox())
        let sweep = try sweep(step, isMetered: false)
        #expect(sweep.visits.allSatisfy { $0.energyWindows.isEmpty && $0.idleWindows.isEmpty })
        let laws = try #require(calibrate(sweep, on: step).frequencyLaws)
        #expect(laws.grossPower == nil && laws.netPower == nil && laws.cubicPowerResidual == nil)
    }

    @Test func aMeterThatFailsOnTheWayIsReported() throws {
        let step = ClockedStep(box: SimulatedBox(failsAtRead: 200_000))
        let swept = try sweep(step)
        let lost = swept.visits.filter { $0.meterFailure != nil }
        try #require(!lost.isEmpty && lost.count < swept.visits.count)
        #expect(lost.allSatisfy { $0.energyWindows.isEmpty && $0.meterFailure?.contains("gone") == true })
        let warnings = try calibrate(swept, on: step).warnings
        #expect(
            warnings.contains { $0.hasPrefix("The meter failed in \(lost.count) of the sweep's") }, "\(warnings)")
    }

    @Test func aDisturbedVisitIsLeftOut() throws {
        let step = ClockedStep(box: SimulatedBox())
        var readings = 0
        // At the highest frequency every window finds another throttling event.
        let sweep = try sweep(step) {
            if step.hertz > 2.3e9 { readings += 1 }
            return BoxConditions(throttleCount: readings)
        }
        #expect(!sweep.visits.contains { $0.hertz > 2.3e9 })
        #expect(sweep.visits.count == FrequencySweepRun.rounds * (Self.setpoints.count - 1))
    }

    @Test func interruptionEndsTheSweep() throws {
        let box = SimulatedBox()
        let step = ClockedStep(box: box)
        let run = FrequencySweepRun(
            setpoints: Self.setpoints, control: step, clock: box, settings: ExperimentSettings(budgetSeconds: 30)
        ) { settings, _ in
            Experiment(step: step, clock: box, settings: settings, shouldStop: { step.set.count > 4 })
        }
        #expect { try run.run() } throws: { ($0 as? KerfError)?.code == .interrupted }
        #expect(step.set.count == 5)
    }
}
