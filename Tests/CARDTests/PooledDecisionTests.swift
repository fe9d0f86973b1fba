import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@testable import CARD

@Suite("Decisions from pooled values")
struct PooledDecisionTests {
    private static func calibration(steps: Int = 24) throws -> Calibration {
        var planted = SyntheticProfile()
        (planted.blocks, planted.noise, planted.steps) = (12, 0.08, steps)
        return try Calibration.pooled(planted)
    }

    private static func problem(_ calibration: Calibration) throws -> SplitProblem {
        SplitProblem(
            pairing: try Pairing(device: calibration, server: calibration), link: try DeciderTests.link(), steps: 10,
            account: .net, scope: .computing, declaredServerWatts: nil, limits: CutLimits(), microBatches: 1)
    }

    @Test("delay and energy are those of the pooled values, and say so")
    func pooled() throws {
        let calibration = try Self.calibration()
        let decision = try DeciderTests.decide(Decider(link: try DeciderTests.link()), calibration, calibration)
        let passes = calibration.usingPooledValues.layers.flatMap { [$0.forward, $0.backward] }
        let seconds = passes.reduce(0) { $0 + ($1.timeSeconds.value ?? 0) }
        #expect(abs(decision.cuts[12].delayParts.deviceSeconds / (10 * seconds) - 1) < 1e-12)
        #expect(passes[2].timeSeconds == calibration.layers[1].forward.pooled?.timeSeconds)
        #expect(passes[2].timeSeconds != calibration.layers[1].forward.timeSeconds)
        let joules = passes.reduce(0) { $0 + ($1.netEnergyJoules.value ?? 0) }
        let energy = decision.cuts[0].serverEnergyJoules.value ?? 0
        let unscaled = decision.cuts[0].frequencyHertz.value == calibration.frequency.runningHertz.value
        #expect(!unscaled || abs(energy / (10 * joules) - 1) < 1e-12)
        #expect(decision.assumptions.contains { $0.contains("Blocks of one shape are pooled") })
    }

    @Test("a width that is too large for a decision is the pooled one")
    func verdict() throws {
        var calibration = try Self.calibration(steps: 9)
        for layer in calibration.layers.indices {
            for pass in [\LayerCalibration.forward, \.backward] {
                let value = calibration.layers[layer][keyPath: pass].timeSeconds.value ?? 0
                guard calibration.layers[layer][keyPath: pass].pooled != nil else { continue }
                calibration.layers[layer][keyPath: pass].timeSeconds.lower = value * 0.7
                calibration.layers[layer][keyPath: pass].timeSeconds.upper = value * 1.3
            }
        }
        func stands(_ calibration: Calibration) throws -> Bool {
            let decider = Decider(link: try DeciderTests.link(), weight: 1)
            return try DeciderTests.decide(decider, calibration, calibration).verdict?.reasons
                .contains { $0.contains("known only to") } == false
        }
        #expect(try stands(calibration))
        for layer in calibration.layers.indices {
            calibration.layers[layer].forward.pooled = nil
            calibration.layers[layer].backward.pooled = nil
        }
        calibration.pooling = nil
        #expect(try !stands(calibration))
    }

    /// About half of the draws of each pooled value lie on either side of it, for posteriors are skewed, and 95 of 100
    /// within its interval.
    @Test("confidence draws from the posterior that the intervals come from", arguments: [0.0, 0.05])
    func draws(stepNoise: Double) throws {
        var planted = SyntheticProfile()
        (planted.blocks, planted.noise, planted.stepNoise, planted.steps) = (12, 0.08, stepNoise, 40)
        planted.origin = .unavailable
        let calibration = try Calibration.pooled(planted)
        let values = try Self.problem(calibration).uncertainValues.filter { $0.measurement == .deviceTimes }
        // A row with one place for each value: its own change in standard errors.
        let sensitivities = values.indices.map { place in
            MonteCarloSampler.Sensitivity(value: values[place], effect: values.indices.map { $0 == place ? 1 : 0 })
        }
        let sampler = MonteCarloSampler(sensitivities)
        var generator = SeededGenerator(seed: 5)
        let draws = (0..<8000).map { _ in
            var errors = [Double](repeating: 0, count: values.count)
            sampler.draw(onto: &errors, &generator)
            return errors
        }
        for (place, value) in values.enumerated() where value.poolingGroup?.posterior != nil {
            let t = StudentT.quantile(0.975, degreesOfFreedom: value.degreesOfFreedom)
            let inside = Double(draws.count { abs($0[place]) < t }) / 8000
            #expect(abs(inside - 0.95) < 0.03, "\(place): \(inside)")
            let below = Double(draws.count { $0[place] < 0 }) / 8000
            #expect(abs(below - 0.5) < 0.06, "\(place): \(below)")
        }
        #expect(values.count { $0.poolingGroup?.posterior != nil } == 24)
    }

    @Test("a group that no posterior can be computed from is refused")
    func unsound() throws {
        let defects: [(inout PoolingGroup) -> Void] = [
            { $0.members.removeLast($0.members.count - 2) },
            { $0.members[1].layer = $0.members[0].layer },
            { $0.members[1].layer = 99 },
            { $0.members[2].ownStandardError = 0 },
            { $0.members[2].ownValue = -1 },
            { $0.commonStandardError = -1 },
        ]
        for defect in defects {
            var calibration = try Self.calibration()
            defect(&calibration.pooling![0])
            let error = #expect(throws: KerfError.self) { _ = try Self.problem(calibration) }
            #expect(error?.description.contains("pooling group") == true, "\(String(describing: error))")
        }
    }
}
