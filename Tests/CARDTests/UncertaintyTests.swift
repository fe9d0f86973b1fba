import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

/// Intervals of a decision, and what they and the origins say of it.
@Suite("Uncertainty of a decision")
struct UncertaintyTests {
    /// Times of one step move together, and all net energies lack the same idle power.
    private var correlated: SyntheticProfile {
        var planted = SyntheticProfile()
        (planted.blocks, planted.noise, planted.stepNoise) = (8, 0.002, 0.05)
        (planted.steps, planted.windows, planted.idleWatts) = (15, 6, 20)
        return planted
    }

    @Test("intervals of delay cover the truth in 95 of 100 decisions though times of one step move together")
    func delayCoverage() throws {
        var planted = correlated
        planted.origin = .unavailable
        let trials = 80
        let truth = 10 * planted.stepSeconds * (1 - planted.glue)
        let decider = Decider(link: try DeciderTests.link("up=1gbit,down=1gbit,rtt=0us"), weight: 1)
        var (hits, independent) = (0, 0)
        for seed in 1...trials {
            planted.seed = UInt64(seed)
            let calibration = try DeciderTests.calibration(planted)
            let cut = try DeciderTests.decide(decider, calibration, calibration).cuts[8]
            let delay = cut.delaySeconds
            let error = abs(cut.delayParts.deviceSeconds - truth)
            if error <= (try #require(delay.upper)) - (try #require(delay.value)) { hits += 1 }
            let squares = calibration.layers.flatMap { [$0.forward.timeSeconds, $0.backward.timeSeconds] }
                .reduce(0.0) { sum, time in
                    let width = 10 * ((time.upper ?? 0) - (time.value ?? 0))
                    return sum + width * width
                }
            if error <= squares.squareRoot() { independent += 1 }
        }
        // Four standard errors below 0.95.
        #expect(Double(hits) / Double(trials) > 0.95 - 0.1, "\(hits) of \(trials)")
        #expect(Double(independent) / Double(trials) < 0.75, "the case is not one of correlation: \(independent)")
    }

    @Test("intervals of energy cover the truth though all layers share one idle power")
    func energyCoverage() throws {
        var planted = correlated
        // Only the idle power is not known well.
        planted.stepNoise = 0
        let trials = 80
        let truth = (0...9).reduce(0.0) { sum, layer in
            sum + 10 * planted.seconds(layer: layer, forward: true) * (planted.forwardWatts - planted.idleWatts)
                + 10 * planted.seconds(layer: layer, forward: false) * (planted.backwardWatts - planted.idleWatts)
        }
        let decider = Decider(link: try DeciderTests.link())
        var generator = SeededGenerator(seed: 7)
        var hits = 0
        for seed in 1...trials {
            planted.seed = UInt64(seed)
            var profile = planted.make()
            for index in profile.idleWindows.indices {
                let factor = Double.random(in: 0.8...1.2, using: &generator)
                for domain in profile.idleWindows[index].joules.keys {
                    profile.idleWindows[index].joules[domain]! *= factor
                }
            }
            let bytes = try KerfJSON.encode(profile)
            let calibration = try Calibrator.calibrate([.init(name: "p.json", bytes: bytes)])
            let energy = try DeciderTests.decide(decider, calibration, calibration).cuts[0].serverEnergyJoules
            if try #require(energy.lower) <= truth && truth <= (try #require(energy.upper)) { hits += 1 }
        }
        #expect(Double(hits) / Double(trials) > 0.95 - 0.1, "\(hits) of \(trials)")
    }

    @Test("a simulated frequency makes simulated what it scales, and its own value always")
    func frequencyOrigin() throws {
        var planted = SyntheticProfile()
        planted.origin = .measured
        for settable in [false, true] {
            (planted.settable, planted.hertz) = (settable, (1e9, 2e9, 4e9))
            var server = try DeciderTests.calibration(planted)
            let device = server
            server.frequency.runningHertz.origin = .simulated
            let decision = try DeciderTests.decide(Decider(link: DeciderTests.link()), device, server)
            let scaled: Origin = settable ? .simulated : .modelled
            #expect(decision.cuts.allSatisfy { $0.frequencyHertz.origin == .simulated })
            #expect(decision.cuts.allSatisfy { $0.delaySeconds.origin == scaled })
            #expect(decision.cuts.allSatisfy { $0.serverEnergyJoules.origin == scaled })
            let plain = try DeciderTests.decide(Decider(link: DeciderTests.link()), device, device)
            #expect(plain.cuts.allSatisfy { $0.frequencyHertz.origin == .modelled })
        }
    }

    @Test("warnings of both calibrations are repeated in the decision with their side")
    func warnings() throws {
        var (device, server) = (
            try DeciderTests.calibration(SyntheticProfile()), try DeciderTests.calibration(SyntheticProfile())
        )
        device.warnings = ["Closure is poor."]
        server.warnings = ["Few steps.", "Another."]
        let warnings = try DeciderTests.decide(Decider(link: DeciderTests.link()), device, server).warnings
        #expect(
            warnings.filter { $0.hasPrefix("device:") || $0.hasPrefix("server:") } == [
                "device: Closure is poor.", "server: Few steps.", "server: Another.",
            ])
    }
}
