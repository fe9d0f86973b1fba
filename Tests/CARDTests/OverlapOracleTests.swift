import CARD
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Testing

/// Level E with everything: measured frequency laws, latency and overlap, compared with a grid over all cuts and frequencies.
@Suite("Overlap, solved")
struct OverlapOracleTests {
    /// One step's schedule played out, micro-batch after micro-batch: the device runs its forward passes first, and its
    /// backward passes in the order in which the gradients come back.
    private static func played(
        forward: Double, uplink: Double, server: Double, downlink: Double, backward: Double, latency: Double,
        parts count: Int
    ) -> Double {
        let stages = [forward, uplink, server, downlink].map { $0 / Double(count) }
        var free = [0.0, 0, 0, 0]
        var returns: [Double] = []
        for _ in 0..<count {
            var time = 0.0
            for stage in stages.indices {
                time = max(time, free[stage]) + stages[stage]
                free[stage] = time
                if stage % 2 == 1 { time += latency / 2 }
            }
            returns.append(time)
        }
        return returns.reduce(free[0]) { max($0, $1) + backward / Double(count) }
    }

    private struct Planted {
        var instance: RandomInstance
        var microBatches: Int
        var forwardShares: [Double]
        var fixedShare: Double
        var power: PowerShape
        var steps: [Double]?

        init(_ generator: inout SeededGenerator, stepped: Bool) {
            instance = RandomInstance(&generator)
            microBatches = Int.random(in: 2...8, using: &generator)
            forwardShares = instance.cuts.map { _ in 0.2 + 0.5 * generator.uniform() }
            fixedShare = stepped ? 0.6 * generator.uniform() : 0
            power =
                stepped
                ? PowerShape(staticShare: 0.7 * generator.uniform(), exponent: 1 + 2 * generator.uniform()) : .cubic
            guard stepped else { return }
            let count = Int.random(in: 2...16, using: &generator)
            let (low, high) = (instance.low, instance.high)
            steps = (0..<count).map { low + (high - low) * Double($0) / Double(count - 1) }
        }

        func model() throws -> CutModel {
            var model = try instance.model()
            model.microBatches = microBatches
            model.power = power
            model.frequency.stepRatios = steps
            if let steps {
                (model.frequency.lowestRatio, model.frequency.highestRatio) = (steps[0], steps[steps.count - 1])
            }
            for cut in model.cuts.indices {
                model.cuts[cut].deviceForwardShare = forwardShares[cut]
                model.cuts[cut].serverFixedShare = fixedShare
            }
            return model
        }

        func delay(_ cut: Int, _ ratio: Double) -> Double {
            let c = instance.cuts[cut]
            let forward = c.device * forwardShares[cut]
            let step = OverlapOracleTests.played(
                forward: forward, uplink: 8 * c.up / instance.uplink,
                server: c.server * (fixedShare + (1 - fixedShare) / ratio), downlink: 8 * c.down / instance.downlink,
                backward: c.device - forward, latency: instance.rtt, parts: microBatches)
            return Double(instance.steps) * step + 8 * c.adapters / instance.uplink
                + 8 * c.adapters / instance.downlink
        }

        func energy(_ cut: Int, _ ratio: Double) -> Double {
            Double(instance.steps) * instance.cuts[cut].joules * power.factor(ratio)
                * (fixedShare + (1 - fixedShare) / ratio)
        }

        /// The cost by the solver's own normalizers, so that it is the search that is compared.
        func cost(_ solver: Solver, _ cut: Int, _ ratio: Double) throws -> Double {
            func share(_ value: Double, _ normalizer: Normalizer) throws -> Double {
                let (low, high) = (try #require(normalizer.minimum), try #require(normalizer.maximum))
                return (value - low) / (high - low)
            }
            return try instance.weight * share(delay(cut, ratio), solver.delayNormalizer)
                + (1 - instance.weight) * share(energy(cut, ratio), solver.energyNormalizer)
        }
    }

    @Test("over frequency steps the solver's choice is the grid's, on 2,000 random instances")
    func steps() throws {
        var generator = SeededGenerator(seed: 51)
        var (interior, between) = (0, 0)
        for trial in 0..<2_000 {
            let planted = Planted(&generator, stepped: true)
            let solver = try Solver(model: planted.model(), weight: planted.instance.weight)
            let chosen = solver.solve().chosen
            let steps = try #require(planted.steps)
            var least = Double.infinity
            for cut in planted.instance.cuts.indices {
                for ratio in steps { least = min(least, try planted.cost(solver, cut, ratio)) }
            }
            #expect(steps.contains(chosen.ratio), "trial \(trial)")
            let found = try planted.cost(solver, chosen.cut.cut, chosen.ratio)
            let scale = max(1, abs(least))
            #expect(abs(found - chosen.cost) <= 1e-9 * scale, "trial \(trial): it costs what it says")
            #expect(abs(found - least) <= 2e-9 * scale, "trial \(trial): grid \(least), solver \(found)")
            if chosen.cut.cut > 0, chosen.cut.cut < planted.instance.cuts.count - 1 { interior += 1 }
            if chosen.ratio > steps[0], chosen.ratio < steps[steps.count - 1] { between += 1 }
        }
        #expect(interior > 200 && between > 20, "\(interior) interior, \(between) between the end steps")
    }

    @Test("over continuous frequencies no point of a fine grid is better, on 1,000 random instances")
    func continuous() throws {
        var generator = SeededGenerator(seed: 52)
        var between = 0
        for trial in 0..<1_000 {
            let planted = Planted(&generator, stepped: false)
            let solver = try Solver(model: planted.model(), weight: planted.instance.weight)
            let chosen = solver.solve().chosen
            let (low, high) = (planted.instance.low, planted.instance.high)
            var least = Double.infinity
            for cut in planted.instance.cuts.indices {
                for place in 0...400 {
                    let ratio = low + (high - low) * Double(place) / 400
                    least = min(least, try planted.cost(solver, cut, ratio))
                }
            }
            let found = try planted.cost(solver, chosen.cut.cut, chosen.ratio)
            let scale = max(1, abs(least))
            #expect(found <= least + 1e-9 * scale, "trial \(trial): grid \(least), solver \(found)")
            // It is no better than the grid's resolution explains.
            #expect(least - found <= 2e-3 * scale, "trial \(trial): grid \(least), solver \(found)")
            if chosen.ratio > low, chosen.ratio < high { between += 1 }
        }
        #expect(between > 100, "\(between) between the ends of the range")
    }
}
