import CARD
import Quantities
import Statistics
import TestSupport
import Testing

@testable import Validation

@Suite("Measured regret")
struct RegretTests {
    @Test("a choice that is wrong by a known amount has that regret")
    func known() throws {
        var pair = SyntheticPair()
        // The calibration takes the device for a fast one, so that the decision leaves it too much work.
        var fast = pair.device
        fast.blockSeconds *= 0.2
        fast.headSeconds *= 0.2
        pair.calibratedDevice = fast
        pair.weight = 0.9
        var rounds = try pair.truth()
        rounds.noise = 0.001
        let report = try pair.validate(rounds.rounds(pair.allCuts, repetitions: 6))
        let solver = try Solver(model: rounds.truth, weight: pair.weight)
        let costs = rounds.truth.cuts.map { solver.cost($0, ratio: 1) }
        let (least, chosen) = (try #require(costs.min()), report.prediction.cut)
        let regret = try #require(report.regrets.first { $0.subject == .levelE })
        let expected = costs[chosen] - least
        #expect(expected > 0.1)
        #expect(regret.cut == chosen && report.normalizersMeasured)
        let found = try #require(regret.cost)
        #expect(abs(try #require(found.regret.value) - expected) < 0.01)
        #expect(abs(found.naiveRegret - expected) < 0.01)
        if least > 0.01 { #expect(abs(try #require(found.ratio.value) - expected / least) < 0.05 * expected / least) }
        let delays = rounds.truth.cuts.map { rounds.truth.delay($0, ratio: 1).total }
        let slower = try #require(regret.delaySeconds)
        #expect(abs(try #require(slower.ratio.value) - (delays[chosen] / delays.min()! - 1)) < 0.02)
    }

    @Test("of equal cuts the naive regret is above zero, the corrected one is not, and its interval holds zero")
    func winnersCurse() {
        var generator = SeededGenerator(seed: 11)
        let trials = 150
        var (naive, corrected, holds) = ([Double](), [Double](), 0)
        for trial in 0..<trials {
            let costs = (0..<10).map { _ in (0..<4).map { _ in 1 + 0.05 * generator.normal() } }
            let regret = RegretEstimator(
                costs: costs, isAllowed: [Bool](repeating: true, count: 10), origin: .measured, seed: UInt64(trial)
            ).regret(of: 3)!
            naive.append(regret.naiveRegret)
            corrected.append(regret.regret.value!)
            if regret.regret.lower! <= 0 && regret.regret.upper! >= 0 { holds += 1 }
        }
        func mean(_ values: [Double]) -> Estimate { Estimate.mean(of: values, confidence: 0.999)! }
        // The expected least of ten means of four is 1.539 standard errors of 0.025 below the mean.
        #expect(abs(mean(naive).value - 1.539 * 0.025) < mean(naive).halfWidth)
        #expect(mean(naive).lower > 0.02)
        #expect(abs(mean(corrected).value) < mean(corrected).halfWidth)
        let coverage = Double(holds) / Double(trials)
        #expect(coverage > 0.9, "\(coverage)")
    }

    @Test(
        "the interval has its coverage for a clear regret and for one within the noise, also of three rounds",
        arguments: [[1, 1.5, 2, 2], [1, 1.02, 1.04, 1.06]], [3, 6])
    func coverage(costs: [Double], count: Int) {
        var generator = SeededGenerator(seed: 12)
        let trials = 150
        let truth = costs[1] - costs[0]
        let holds = (0..<trials).count { trial in
            let rounds = costs.map { cost in (0..<count).map { _ in cost + 0.05 * generator.normal() } }
            let regret = RegretEstimator(
                costs: rounds, isAllowed: rounds.map { _ in true }, origin: .measured, seed: UInt64(trial)
            ).regret(of: 1)!.regret
            return regret.lower! <= truth && regret.upper! >= truth
        }
        let coverage = Double(holds) / Double(trials)
        #expect(coverage > 0.9, "\(coverage)")
    }

    @Test("the best choice has a regret of zero")
    func best() {
        let regret = RegretEstimator(
            costs: [[1, 1.01], [2, 2.02]], isAllowed: [true, true], origin: .measured, seed: 1
        ).regret(of: 0)!
        #expect(regret.naiveRegret == 0 && regret.regret.value == 0 && regret.ratio.upper == 0)
    }

    @Test("single rounds give the naive regret and say why there is no other")
    func single() {
        let estimator = RegretEstimator(
            costs: [[1], [2], []], isAllowed: [true, true, true], origin: .measured, seed: 1)
        #expect(estimator.best == 0)
        let regret = estimator.regret(of: 1)!
        #expect(regret.naiveRegret == 1 && regret.regret.value == nil)
        #expect(regret.regret.reason?.contains("rounds") == true)
        #expect(estimator.regret(of: 2) == nil)
    }

    @Test("a cut that may not be chosen is no alternative")
    func excluded() {
        let estimator = RegretEstimator(
            costs: [[1, 1], [2, 2], [3, 3]], isAllowed: [false, true, true], origin: .measured, seed: 1)
        #expect(estimator.best == 1 && estimator.regret(of: 2)?.regret.value == 1)
    }

    @Test("a choice that was not measured has no regret and says which; corners that were not, the predicted scale")
    func notMeasured() throws {
        let pair = SyntheticPair()
        let decision = try pair.decision()
        let points = pair.allCuts.filter { $0.cut != decision.choice.cut && $0.cut != 8 }
        let report = try pair.validate(pair.truth().rounds(points, repetitions: 2))
        let levelE = try #require(report.regrets.first { $0.subject == .levelE })
        #expect(levelE.cost == nil && levelE.reason == "cut \(decision.choice.cut) was not measured")
        #expect(!report.normalizersMeasured && report.delayNormalizerSeconds == decision.delayNormalizerSeconds)
        #expect(report.warnings.contains { $0.hasPrefix("Costs are normalized as predicted") })
    }
}
