import CARD
import CFleet
import ProfileFormat
import Quantities
import Statistics
import SystemIO
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
            level: .measuredLink, cuts: cuts,
            frequency: ServerFrequency(
                referenceHertz: 2e9, lowestRatio: ratios?.first ?? draw(0.2, 0.9),
                highestRatio: ratios?.last ?? draw(1, 2), stepRatios: ratios, origin: .modelled),
            link: try Link(uplinkBitsPerSecond: 1, downlinkBitsPerSecond: 1, roundTripSeconds: 0.01),
            steps: Int.random(in: 1...20, using: &generator), countsLatency: true, delayOrigin: .modelled,
            energyOrigin: .modelled, assumptions: [])
        if stepped { model.power = PowerShape(staticShare: draw(0, 0.7), exponent: draw(1, 3)) }
        return model
    }

    @Test("decide as the exact solver does, cut and frequency, on random models and links", arguments: [false, true])
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

    /// The same lanes decided by one of the kernels: delay, energy, cut and frequency of each.
    private func decided(
        _ table: CutTable, _ weight: Double, _ lanes: Lanes, plainly: Bool
    ) -> [[Double]] {
        var (kernel, cutTable) = (lanes.kernel, table.kernel)
        (plainly ? kerf_fleet_decide_plainly : kerf_fleet_decide)(
            &cutTable, weight, table.energySpan, lanes.count, &kernel, lanes[.delay], lanes[.energy], lanes[.cut],
            lanes[.ratio])
        return [.delay, .energy, .cut, .ratio].map { (column: Lanes.Column) in
            (0..<lanes.count).map { lanes[column][$0] }
        }
    }

    @Test("the quick way decides as the plain one: same cut, figures to rounding, ties included")
    func quickIsPlain() throws {
        var generator = SeededGenerator(seed: 24)
        var chosen: Set<Int> = []
        for trial in 0..<400 {
            var model = try model(&generator, stepped: false, alike: true)
            for cut in model.cuts.indices { model.cuts[cut].exclusion = nil }
            let last = model.cuts.count - 1
            if trial % 2 == 0 {
                // The paper's form: only the endpoints send something else than the cuts between them.
                for cut in model.cuts.indices {
                    let isEnd = cut == 0 || cut == last
                    model.cuts[cut].traffic.uplinkBytes = isEnd ? 1e3 : 1e6
                    model.cuts[cut].traffic.downlinkBytes = isEnd ? 0 : 1e6
                }
            }
            // Every block costs as much on either side, and nothing is sent: all cuts are equal by delay.
            if trial % 8 == 0 {
                for cut in model.cuts.indices {
                    model.cuts[cut].deviceSeconds.value = 0.01 * Double(cut)
                    model.cuts[cut].serverSeconds.value = 0.01 * Double(last - cut) * model.frequency.highestRatio
                    model.cuts[cut].traffic = CutTraffic(
                        uplinkBytes: 0, downlinkBytes: 0, adapterBytes: 0, stepMessages: 0, roundMessages: 0)
                }
            }
            let weight = trial % 8 == 0 ? 1 : [0, 1, generator.uniform(), generator.uniform()][trial % 4]
            let table = try CutTable(model, weight: weight)
            let lanes = Lanes(first: 0, count: 37)
            for lane in 0..<lanes.count {
                lanes[.up][lane] = 1e-9 / (0.001 + generator.uniform())
                lanes[.down][lane] = 1e-9 / (0.001 + generator.uniform())
            }
            let quick = decided(table, weight, lanes, plainly: false)
            let plain = decided(table, weight, lanes, plainly: true)
            #expect(quick[2] == plain[2], "trial \(trial): cuts")
            for (a, b) in zip(quick.joined(), plain.joined()) {
                #expect(abs(a - b) <= 1e-13 * abs(b), "trial \(trial): \(a), plainly \(b)")
            }
            chosen.formUnion(quick[2].map { Int($0) })
        }
        #expect(chosen.count > 4, "cuts of many kinds were chosen")
    }

    @Test("overlap and energy of waiting are refused, not ignored")
    func refusal() throws {
        var generator = SeededGenerator(seed: 23)
        var model = try model(&generator, stepped: false, alike: true)
        model.microBatches = 2
        #expect(throws: KerfError.self) { try CutTable(model, weight: 0.5) }
    }
}
