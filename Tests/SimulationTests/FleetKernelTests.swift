import CARD
import CFleet
import Statistics
import Testing

@testable import Simulation

/// The kernels for many devices against the exact solver, one decision at a time.
@Suite("Fleet kernels")
struct FleetKernelTests {
    /// A random model without link: what the lanes bring is its rates.
    private func model(_ generator: inout SeededGenerator, stepped: Bool, alike: Bool) throws -> CutModel {
        func draw(_ low: Double, _ high: Double) -> Double { low + (high - low) * generator.uniform() }
        let count = Int.random(in: 1...20, using: &generator)
        let (device, server, watts) = (draw(0.01, 1), draw(0.001, 0.3), draw(5, 300))
        var left = (0..<count).map { _ in alike ? server : server * draw(0.1, 2) }
        var onDevice = 0.0
        let cuts = (0...count).map { cut in
            let seconds = left.reduce(0, +)
            var cost = CutCost(
                cut: cut, deviceSeconds: Estimate(value: onDevice, halfWidth: 0, count: 1),
                serverSeconds: Estimate(value: seconds, halfWidth: 0, count: 1),
                serverJoules: Estimate(
                    value: watts * seconds * (alike ? 1 : draw(0.5, 1.5)), halfWidth: 0, count: 1),
                traffic: CutTraffic(
                    uplinkBytes: draw(1e3, 1e6), downlinkBytes: draw(1e3, 1e6), adapterBytes: 1e4 * Double(cut),
                    stepMessages: 2, roundMessages: 2))
            if stepped { cost.serverFixedShare = draw(0, 0.6) }
            if !left.isEmpty { left.removeFirst() }
            onDevice += alike ? device : device * draw(0.1, 2)
            if count > 3, draw(0, 1) < 0.1 { cost.exclusion = "planted" }
            return cost
        }
        let ratios = stepped ? (0..<Int.random(in: 1...16, using: &generator)).map { 0.3 + 0.1 * Double($0) } : nil
        var model = CutModel(
            rung: .measuredLink, cuts: cuts,
            clock: ServerClock(
                referenceHertz: 2e9, lowestRatio: ratios?.first ?? draw(0.2, 0.9),
                highestRatio: ratios?.last ?? draw(1, 2), stepRatios: ratios, origin: .modelled),
            link: try Link(uplinkBitsPerSecond: 1, downlinkBitsPerSecond: 1, roundTripSeconds: 0.01),
            steps: Int.random(in: 1...20, using: &generator), countsLatency: true, delayOrigin: .modelled,
            energyOrigin: .modelled, assumptions: [])
        if stepped { model.power = PowerShape(staticShare: draw(0, 0.7), exponent: draw(1, 3)) }
        return model
    }

    @Test("decide as the exact solver does, cut and clock, on random models and links", arguments: [false, true])
    func decide(stepped: Bool) throws {
        var generator = SeededGenerator(seed: stepped ? 21 : 22)
        var chosen: Set<Int> = []
        for trial in 0..<150 {
            var model = try model(&generator, stepped: stepped, alike: trial % 3 == 0)
            guard model.cuts.contains(where: { $0.exclusion == nil }) else { continue }
            let weight = [0, 1, generator.uniform(), generator.uniform()][trial % 4]
            let table = try CutTable(model, weight: weight)
            // Not a multiple of what the kernel takes at once.
            let lanes = Lanes(first: 0, count: 37)
            for lane in 0..<lanes.count {
                lanes[.up][lane] = 1e-9 / (0.001 + generator.uniform())
                lanes[.down][lane] = 1e-9 / (0.001 + generator.uniform())
            }
            var (kernel, cutTable) = (lanes.kernel, table.kernel)
            kerf_fleet_decide(
                &cutTable, weight, table.energySpan, lanes.count, &kernel, lanes[.delay], lanes[.energy], lanes[.cut],
                lanes[.ratio])
            for lane in 0..<lanes.count {
                model.link.uplinkBitsPerSecond = 1 / lanes[.up][lane]
                model.link.downlinkBitsPerSecond = 1 / lanes[.down][lane]
                let solver = try Solver(model: model, weight: weight)
                let exact = solver.solve()
                let found = model.cuts[Int(lanes[.cut][lane])]
                #expect(found.exclusion == nil)
                #expect(
                    exact.tied.contains(found.cut), "trial \(trial): \(found.cut), exactly \(exact.chosen.cut.cut)")
                let ratio = lanes[.ratio][lane]
                #expect(abs(solver.cost(found, ratio: ratio) - exact.chosen.cost) < 2e-9)
                let (delay, energy) = (
                    model.delay(found, ratio: ratio).total, model.energy(found, ratio: ratio)!.value
                )
                #expect(abs(lanes[.delay][lane] - delay) <= 1e-11 * delay)
                #expect(abs(lanes[.energy][lane] - energy) <= 1e-11 * energy)
                if found.cut == exact.chosen.cut.cut, found.serverSeconds.value > 0 {
                    #expect(abs(ratio / exact.chosen.ratio - 1) < 1e-9, "trial \(trial) lane \(lane)")
                }
                chosen.insert(found.cut)
            }
        }
        #expect(chosen.count > 4, "cuts of many kinds were chosen")
    }

    @Test("overlap and energy of waiting are refused, not ignored")
    func refusal() throws {
        var generator = SeededGenerator(seed: 23)
        var model = try model(&generator, stepped: false, alike: true)
        model.microBatches = 2
        #expect(throws: CARDError.self) { try CutTable(model, weight: 0.5) }
    }
}
