import CARD
import Quantities
import Statistics
import TestSupport
import Testing

@testable import Validation

@Suite("Predicted against measured")
struct ComparisonTests {
    @Test("a right prediction: small errors, agreement, the measured best among the predicted cuts")
    func right() throws {
        let pair = SyntheticPair()
        let report = try pair.validate(pair.truth().rounds(pair.allCuts, repetitions: 4))
        #expect(report.verdict.stands, "\(report.verdict.reasons)")
        for term in Term.allCases where term != .overhead {
            let error = try #require(report.summary.terms[term].worstErrorRatio, "\(term)")
            #expect(abs(error) < 0.03, "\(term)")
        }
        #expect(report.summary.best.isPredicted == true)
        #expect(try #require(report.summary.delayRanks.spearman.value) > 0.9)
        #expect(report.origin == .measured)
    }

    @Test("a device time that was calibrated 10 % too long is reported so, and with its sign")
    func wrongDevice() throws {
        var pair = SyntheticPair()
        var slow = pair.device
        slow.embeddingSeconds *= 1.1
        slow.blockSeconds *= 1.1
        slow.headSeconds *= 1.1
        pair.calibratedDevice = slow
        let report = try pair.validate(pair.truth().rounds(pair.allCuts, repetitions: 4))
        for point in report.points where point.cut > 0 {
            let device = point.terms.deviceSeconds
            let error = try #require(device.errorRatio.value)
            #expect(abs(error - 0.1) < 0.02, "cut \(point.cut)")
            #expect(try #require(device.errorRatio.lower) > 0.05)
            #expect(device.withinPredicted == false && device.agrees == false)
        }
        // The other side is as predicted.
        #expect(report.points.count { $0.terms.serverSeconds.agrees == false } <= 1)
        let summary = report.summary.terms.deviceSeconds
        #expect(summary.agreeingShare == 0)
        #expect(try #require(summary.medianErrorRatio) > 0.08)
    }

    @Test("the parts' shares add up to the error of the delay, overlap included", arguments: [1, 2])
    func shares(microBatches: Int) throws {
        var pair = SyntheticPair()
        pair.microBatches = microBatches
        var rounds = try pair.truth()
        rounds.overheadSeconds = 0.05
        let report = try pair.validate(rounds.rounds(pair.allCuts, repetitions: 2))
        let parts: [Term] = [.device, .uplink, .server, .downlink, .adapters, .overhead]
        for point in report.points {
            let sum = parts.reduce(0) { $0 + (point.terms[$1].shareOfDelay ?? .nan) }
            let whole = try #require(point.terms.delaySeconds.errorRatio.value)
            #expect(abs(sum - whole) < 1e-9, "cut \(point.cut)")
            #expect(try #require(point.terms.overheadSeconds.shareOfDelay) < 0)
        }
    }

    @Test("right predictions agree in about 95 % of the cases")
    func coverage() throws {
        var generator = SeededGenerator(seed: 3)
        func sample(_ count: Int, _ spread: Double) -> Estimate? {
            Estimate.mean(of: (0..<count).map { _ in 1 + spread * generator.normal() })
        }
        let trials = 4000
        let holds = (0..<trials).count { _ in
            Comparison(
                predicted: sample(10, 0.02), .measured, absent: "", measured: sample(4, 0.03), .measured, absent: "",
                delay: nil
            ).agrees == true
        }
        let coverage = Double(holds) / Double(trials)
        #expect(coverage > 0.94 && coverage < 0.97, "\(coverage)")
    }

    @Test("over many validations the delays agree at 95 % of the cuts or more")
    func wholeCoverage() throws {
        var (agreeing, all) = (0, 0)
        for seed in 1...20 as ClosedRange<UInt64> {
            var pair = SyntheticPair(blocks: 4)
            (pair.device.noise, pair.server.noise) = (0.02, 0.02)
            (pair.device.seed, pair.server.seed) = (seed, seed + 100)
            let report = try pair.validate(pair.truth().rounds(pair.allCuts, repetitions: 5, seed: seed))
            let agrees = report.points.compactMap(\.terms.delaySeconds.agrees)
            agreeing += agrees.count { $0 }
            all += agrees.count
        }
        #expect(all == 100)
        #expect(agreeing >= 91, "\(agreeing) of \(all)")
    }

    @Test("one round has no interval, a declared link none of its own, and a missing meter a reason")
    func missing() throws {
        let pair = SyntheticPair()
        var truth = try pair.truth()
        truth.isMetered = false
        let report = try pair.validate(truth.rounds(pair.allCuts, repetitions: 1))
        let terms = report.points[3].terms
        #expect(terms.delaySeconds.measured.lower == nil && terms.delaySeconds.measured.reason != nil)
        #expect(terms.delaySeconds.agrees == nil)
        #expect(terms.uplinkSeconds.withinPredicted == nil)
        #expect(terms.serverEnergyJoules.measured.reason == "the server had no meter")
        #expect(report.points.allSatisfy { $0.measuredCost == nil })
        let levelE = try #require(report.regrets.first { $0.subject == .levelE })
        #expect(levelE.cost == nil && levelE.reason != nil && levelE.delaySeconds?.regret.value == nil)
        #expect(report.warnings.contains { $0.contains("one usable round") })
    }

    @Test("net energy is gross less idle power; without the idle power there is none")
    func net() throws {
        let pair = SyntheticPair()
        var rounds = try pair.truth().rounds(pair.allCuts, repetitions: 2)
        let report = try pair.validate(rounds)
        #expect(report.prediction.serverEnergyAccount == .net)
        #expect(abs(try #require(report.points[2].terms.serverEnergyJoules.errorRatio.value)) < 0.05)
        for index in rounds.indices { rounds[index].serverIdleWatts = nil }
        let without = try pair.validate(rounds).points[2].terms.serverEnergyJoules
        #expect(without.measured.reason?.contains("idle power") == true && without.errorRatio.value == nil)
    }
}
