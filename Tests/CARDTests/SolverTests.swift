import CARD
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Testing

@Suite("Solver")
struct SolverTests {
    /// Least cost of a cut over a grid of frequencies, refined twice around its best point.
    private func gridMinimum(_ low: Double, _ high: Double, _ cost: (Double) -> Double) -> Double {
        var (from, to, best) = (low, high, Double.infinity)
        for _ in 0..<3 {
            let step = (to - from) / 24
            var place = from
            for index in 0...24 {
                let ratio = min(high, from + Double(index) * step)
                let value = cost(ratio)
                if value < best { (best, place) = (value, ratio) }
            }
            (from, to) = (max(low, place - step), min(high, place + step))
        }
        return best
    }

    @Test("agrees with exhaustive search on 10,000 random instances")
    func oracle() throws {
        var generator = SeededGenerator(seed: 42)
        var (interior, clipped) = (0, 0)
        for trial in 0..<10_000 {
            let instance = RandomInstance(&generator)
            let solution = try Solver(model: instance.model(), weight: instance.weight).solve()
            let cost = instance.costs()
            let minima = instance.cuts.indices.map { cut in
                gridMinimum(instance.low, instance.high) { cost(cut, $0) }
            }
            let least = try #require(minima.min())
            let (cut, ratio) = (solution.chosen.cut.cut, solution.chosen.ratio)
            // The stated cost is the cost of the stated decision, it is allowed, and no grid point is better.
            let found = cost(cut, ratio)
            let scale = max(1, abs(found))
            #expect(abs(found - solution.chosen.cost) <= 1e-9 * scale, "trial \(trial)")
            #expect(ratio >= instance.low && ratio <= instance.high, "trial \(trial)")
            #expect(found <= least + 1e-9 * scale, "trial \(trial): grid \(least), solver \(found)")
            // It is no better than the grid's resolution explains.
            #expect(least - found <= 1e-4 * scale, "trial \(trial): grid \(least), solver \(found)")
            let second = minima.enumerated().filter { $0.offset != cut }.map(\.element).min() ?? .infinity
            if second - least > 2e-4 * scale { #expect(minima[cut] == least, "trial \(trial)") }
            if cut > 0 && cut < instance.cuts.count - 1 { interior += 1 }
            if ratio == instance.low || ratio == instance.high { clipped += 1 }
        }
        // The instances are of all kinds, so that the agreement means something.
        #expect(interior > 100 && clipped > 100 && clipped < 9_900, "\(interior) interior, \(clipped) clipped")
    }

    @Test("identical layers, constant activations: the best cut is an endpoint")
    func endpoints() throws {
        var generator = SeededGenerator(seed: 7)
        var chosen: Set<Bool> = []
        for trial in 0..<2_000 {
            let instance = RandomInstance(&generator, alike: true)
            let solution = try Solver(model: instance.model(), weight: instance.weight).solve()
            let last = instance.cuts.count - 1
            #expect([0, last].contains(solution.chosen.cut.cut), "trial \(trial)")
            chosen.insert(solution.chosen.cut.cut == 0)
        }
        #expect(chosen.count == 2, "both endpoints occur")
    }

    @Test("weight 1 is least delay at the highest frequency, weight 0 least energy at the lowest")
    func extremes() throws {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<500 {
            let instance = RandomInstance(&generator)
            let model = try instance.model()
            let fast = try Solver(model: model, weight: 1).solve()
            let delays = instance.cuts.indices.map { instance.delay($0, instance.high) }
            #expect(abs(instance.delay(fast.chosen.cut.cut, fast.chosen.ratio) / delays.min()! - 1) < 1e-8)
            for outcome in fast.outcomes where outcome.cut.serverSeconds.value > 0 {
                #expect(outcome.ratio == instance.high)
            }
            let frugal = try Solver(model: model, weight: 0).solve()
            let energies = instance.cuts.indices.map { instance.energy($0, instance.low) }
            #expect(instance.energy(frugal.chosen.cut.cut, frugal.chosen.ratio) == energies.min()!)
            #expect(frugal.outcomes.allSatisfy { $0.ratio == instance.low })
        }
    }

    @Test("the unit of time and of energy makes no difference")
    func scaling() throws {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<500 {
            let instance = RandomInstance(&generator)
            var scaled = instance
            // Powers of two, so that scaling is exact.
            for index in scaled.cuts.indices {
                scaled.cuts[index].device *= 4
                scaled.cuts[index].server *= 4
                scaled.cuts[index].joules /= 1024
            }
            (scaled.uplink, scaled.downlink, scaled.rtt) = (scaled.uplink / 4, scaled.downlink / 4, scaled.rtt * 4)
            let left = try Solver(model: instance.model(), weight: instance.weight).solve()
            let right = try Solver(model: scaled.model(), weight: instance.weight).solve()
            #expect(left.chosen.cut.cut == right.chosen.cut.cut)
            for (a, b) in zip(left.outcomes, right.outcomes) {
                #expect(abs(a.cost - b.cost) < 1e-9 * max(1, abs(a.cost)) && abs(a.ratio - b.ratio) < 1e-12)
            }
        }
    }

    @Test("equal cuts are reported as a tie, and the one that spends less is taken")
    func ties() throws {
        var generator = SeededGenerator(seed: 10)
        var instance = RandomInstance(&generator)
        instance.cuts = [(1, 1, 10, 0, 0, 0), (1, 1, 10, 0, 0, 0), (1, 1, 10, 0, 0, 0)]
        var solution = try Solver(model: instance.model(), weight: 0.5).solve()
        #expect(solution.tied == [0, 1, 2])
        #expect(solution.chosen.cut.cut == 0)
        // All take the same time, and only time counts: the device may as well do it.
        instance.cuts = [(0, 1, 10, 0, 0, 0), (0.5, 0.5, 5, 0, 0, 0), (1, 0, 0, 0, 0, 0)]
        (instance.low, instance.high) = (1, 1)
        solution = try Solver(model: instance.model(), weight: 1).solve()
        #expect(solution.tied == [0, 1, 2])
        #expect(solution.chosen.cut.cut == 2)
    }

    @Test("a device faster than the server does not turn the weight round")
    func degenerate() throws {
        var generator = SeededGenerator(seed: 11)
        var instance = RandomInstance(&generator)
        instance.cuts = [(0, 10, 100, 1e3, 0, 0), (1, 5, 50, 1e3, 1e3, 10), (2, 0, 0, 0, 0, 20)]
        (instance.uplink, instance.downlink) = (1e9, 1e9)
        for weight in [0, 0.2, 0.8, 1] {
            let solver = try Solver(model: instance.model(), weight: weight)
            #expect(solver.delayNormalizer.method == .range)
            #expect(try #require(solver.delayNormalizer.span) > 0)
            #expect(solver.solve().chosen.cut.cut == 2)
        }
        // Nothing to decide: one cut, one frequency.
        instance.cuts = [(1, 0, 0, 0, 0, 0)]
        let solver = try Solver(model: instance.model(), weight: 0.5)
        #expect(solver.delayNormalizer.method == .constant)
        #expect(solver.energyNormalizer.method == .constant)
        #expect(solver.solve().chosen.cost == 0)
    }

    @Test("weights that mean nothing", arguments: [-0.1, 1.1, .nan, .infinity])
    func weights(weight: Double) throws {
        var generator = SeededGenerator(seed: 12)
        let model = try RandomInstance(&generator).model()
        let error = #expect(throws: KerfError.self) { try Solver(model: model, weight: weight) }
        #expect(error?.code == .invalidArgument)
    }
}
