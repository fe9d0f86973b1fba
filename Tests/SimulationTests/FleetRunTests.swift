import CARD
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Testing

@testable import Simulation

@Suite("Fleet runs")
struct FleetRunTests {
    private func fleet(microBatches: Int = 1) throws -> Fleet {
        let link = try Link(uplinkBitsPerSecond: 1, downlinkBitsPerSecond: 1, roundTripSeconds: 0.01)
        let models = [0.02, 0.05, 0.1].map { device in
            var model = CutModel(
                level: .measuredLayers,
                cuts: (0...8).map { cut in
                    let exact = { (value: Double) in Estimate(value: value, halfWidth: 0, count: 1) }
                    return CutCost(
                        cut: cut, deviceSeconds: exact(device * Double(cut)),
                        serverSeconds: exact(0.01 * Double(8 - cut)),
                        serverJoules: exact(2 * Double(8 - cut)),
                        traffic: CutTraffic(
                            uplinkBytes: cut == 8 ? 0 : 1e5, downlinkBytes: cut == 8 || cut == 0 ? 0 : 1e5,
                            adapterBytes: 1e4 * Double(cut), stepMessages: 2, roundMessages: 2))
                },
                frequency: ServerFrequency(referenceHertz: 1e9, lowestRatio: 0.4, highestRatio: 1, origin: .modelled),
                link: link, steps: 5, countsLatency: false, delayOrigin: .simulated, energyOrigin: .simulated,
                assumptions: [])
            model.microBatches = microBatches
            return model
        }
        return try Fleet(models: models, channel: .radio(.cell))
    }

    private func run(
        devices: Int = 2500, rounds: Int = 7, weight: Double = 0.5, threads: Int? = nil, seed: UInt64 = 1
    ) throws -> FleetTally {
        try FleetRun(
            fleet: fleet(), deviceCount: devices, roundCount: rounds,
            rules: SimulationResult.rules(weight: weight, frontWeights: [0, 0.5, 1]), threads: threads
        ).run(seed: seed)
    }

    @Test("the same seed gives the same sums on one core and on all; another seed others")
    func reproducible() throws {
        let (all, one, other) = (try run(), try run(threads: 1), try run(seed: 2))
        for rule in all.rules.indices {
            #expect(all.delaySeconds(rule: rule) == one.delaySeconds(rule: rule))
            #expect(all.energyJoules(rule: rule) == one.energyJoules(rule: rule))
        }
        #expect(all.delaySeconds(rule: 0) != other.delaySeconds(rule: 0))
        #expect(all.cutCounts.allSatisfy { $0.reduce(0, +) == 2500 * 7 })
    }

    @Test("policies are what they say: no policy beats the optimum of its own aim on the same channels")
    func policies() throws {
        let tally = try run()
        func place(_ policy: Policy) -> Int { Policy.allCases.firstIndex(of: policy)! }
        for rule in tally.rules.indices {
            for round in 0..<tally.roundCount {
                #expect(
                    tally.delaySeconds(rule: place(.delayOptimum), round: round)
                        <= tally.delaySeconds(rule: rule, round: round) * (1 + 1e-12))
                #expect(
                    tally.energyJoules(rule: place(.energyOptimum), round: round)
                        <= tally.energyJoules(rule: rule, round: round) * (1 + 1e-12))
            }
        }
        #expect(tally.energyJoules(rule: place(.deviceOnly)) == 0)
        #expect(abs(tally.energyJoules(rule: place(.serverOnly)) - 5 * 16) < 1e-9)
        #expect(abs(tally.energyJoules(rule: place(.middleCut)) - 5 * 8) < 1e-9)
        #expect(tally.cutCounts[place(.middleCut)][4] == 2500 * 7)
        #expect(tally.cutCounts[place(.randomCut)].allSatisfy { $0 > 1500 && $0 < 2400 })
        // CARD at the weights 0 and 1 of the front is the optimum of energy and of delay.
        #expect(tally.delaySeconds(rule: 9) == tally.delaySeconds(rule: place(.delayOptimum)))
        #expect(tally.energyJoules(rule: 7) == tally.energyJoules(rule: place(.energyOptimum)))
    }

    @Test("with overlap every device is decided exactly, and no policy takes longer for it")
    func overlap() throws {
        func run(_ microBatches: Int) throws -> FleetTally {
            try FleetRun(
                fleet: fleet(microBatches: microBatches), deviceCount: 30, roundCount: 5,
                rules: SimulationResult.rules(weight: 0.5, frontWeights: [])
            ).run(seed: 3)
        }
        let (inTurn, overlapping) = (try run(1), try run(4))
        let (delay, middle) = (
            Policy.allCases.firstIndex(of: .delayOptimum)!, Policy.allCases.firstIndex(of: .middleCut)!
        )
        for rule in inTurn.rules.indices where inTurn.rules[rule].policy != .card {
            #expect(overlapping.delaySeconds(rule: rule) <= inTurn.delaySeconds(rule: rule) * (1 + 1e-12))
        }
        #expect(overlapping.delaySeconds(rule: middle) < 0.95 * inTurn.delaySeconds(rule: middle))
        #expect(overlapping.delaySeconds(rule: delay) < 0.95 * inTurn.delaySeconds(rule: delay))
        // Fixed cuts are the same, and cost the server the same.
        #expect(overlapping.cutCounts[middle] == inTurn.cutCounts[middle])
        #expect(overlapping.energyJoules(rule: middle) == inTurn.energyJoules(rule: middle))
        for rule in overlapping.rules.indices {
            #expect(
                overlapping.delaySeconds(rule: delay) <= overlapping.delaySeconds(rule: rule) * (1 + 1e-9),
                "\(overlapping.rules[rule].policy)")
        }
    }

    @Test("fleets that are none are refused")
    func empty() throws {
        #expect(throws: KerfError.self) { try run(devices: 0) }
        #expect(throws: KerfError.self) { try run(rounds: 0) }
        #expect(throws: KerfError.self) { try Fleet(models: [], channel: .radio(.cell)) }
    }
}
