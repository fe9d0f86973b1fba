import CARD
import SystemIO
import TestSupport
import Testing

@testable import Validation

@Suite("Validation plan")
struct PlanTests {
    private func decision(_ change: (inout SyntheticPair) -> Void = { _ in }) throws -> Decision {
        var pair = SyntheticPair(blocks: 12)
        change(&pair)
        return try pair.decision()
    }

    @Test("every repetition has each point once, in another order; the seed alone decides")
    func balanced() throws {
        let decision = try decision()
        let plan = try ValidationPlan(for: decision, cuts: .all, repetitions: 5, seed: 7)
        #expect(plan.rounds.map(\.order) == Array(0..<65))
        let repetitions = Dictionary(grouping: plan.rounds, by: \.repetition)
        for (number, rounds) in repetitions {
            #expect(rounds.map(\.point.cut).sorted() == Array(0...12))
            #expect(rounds.allSatisfy { $0.order / 13 == number })
        }
        #expect(Set(repetitions.values.map { $0.map(\.point.cut) }).count == 5)
        #expect(try ValidationPlan(for: decision, cuts: .all, repetitions: 5, seed: 7) == plan)
        #expect(try ValidationPlan(for: decision, cuts: .all, repetitions: 5, seed: 8) != plan)
    }

    @Test("auto: the choice of each level, the neighbors of the decision's, both ends, random others", arguments: 1...5)
    func auto(seed: Int) throws {
        let decision = try decision { $0.weight = 0.9 }
        let plan = try ValidationPlan(for: decision, cuts: .auto(count: 9), repetitions: 2, seed: UInt64(seed))
        let cuts = Set(plan.points.map(\.cut))
        let choice = decision.choice.cut
        let wanted = decision.levels.compactMap(\.cut) + [0, 12] + [choice - 1, choice, choice + 1]
        #expect(cuts.isSuperset(of: wanted.filter { (0...12).contains($0) }))
        #expect(cuts.count == 9)
    }

    @Test("too small a number still has what must be run")
    func small() throws {
        let plan = try ValidationPlan(for: decision(), cuts: .auto(count: 1), repetitions: 1, seed: 1)
        #expect(Set(plan.points.map(\.cut)).isSuperset(of: [0, 12]))
    }

    @Test("frequencies: all for the decision's cut and server-only, one for device-only, the nearest for the others")
    func frequencies() throws {
        let decision = try decision { $0.server.settable = true }
        let steps = [3e9, 1e9, 2e9]
        let plan = try ValidationPlan(
            for: decision, cuts: .all, frequenciesHertz: steps, repetitions: 1, seed: 1)
        func hertz(_ cut: Int) -> [Double?] { plan.points.filter { $0.cut == cut }.map(\.serverHertz) }
        #expect(hertz(0) == [1e9, 2e9, 3e9] && hertz(12) == [1e9])
        if decision.choice.cut < 12 { #expect(hertz(decision.choice.cut) == [1e9, 2e9, 3e9]) }
        for level in decision.levels {
            guard let cut = level.cut, cut < 12, let own = level.frequencyHertz else { continue }
            let nearest = steps.min { abs($0 - own) < abs($1 - own) }
            #expect(hertz(cut).contains(nearest), "level \(level.level)")
        }
        #expect(plan.points.allSatisfy { $0.serverHertz.map(steps.contains) == true })
    }

    @Test("cuts that limits exclude are not run")
    func excluded() throws {
        let pair = SyntheticPair()
        let sides = try pair.sides()
        var decider = try pair.decider
        decider.limits.minimumCut = 2
        let decision = try decider.decide(device: sides.device, server: sides.server)
        let plan = try ValidationPlan(for: decision, cuts: .all, repetitions: 1, seed: 1)
        #expect(plan.points.map(\.cut) == Array(2...8) && plan.excludedCuts == [0, 1])
    }

    @Test("the predicted time is that of all rounds and pauses")
    func duration() throws {
        let pair = SyntheticPair(blocks: 4)
        let truth = try pair.truth().truth
        let plan = try ValidationPlan(for: pair.decision(), cuts: .all, repetitions: 3, seed: 1)
        let once = truth.cuts.reduce(0) { $0 + truth.delay($1, ratio: 1).total }
        #expect(abs(plan.estimatedSeconds(truth, pauseSeconds: 2) - (3 * once + 30)) < 1e-6)
    }

    @Test("numbers that make no plan are refused")
    func refused() throws {
        let decision = try decision()
        #expect(throws: KerfError.self) { try ValidationPlan(for: decision, cuts: .all, repetitions: 0, seed: 1) }
        #expect(throws: KerfError.self) {
            try ValidationPlan(for: decision, cuts: .all, frequenciesHertz: [0], repetitions: 1, seed: 1)
        }
    }
}
