import CARD
import Quantities
import Statistics
import TestSupport
import Testing

@testable import Validation

@Suite("Assumptions on measured rounds")
struct AssumptionTests {
    private func verdict(_ report: ValidationReport, _ assumption: PaperAssumption) throws -> MeasuredAssumption {
        try #require(report.assumptions.first { $0.assumption == assumption })
    }

    @Test("layers that are alike hold, a heavy head fails at the cut that runs it")
    func layers() throws {
        var pair = SyntheticPair()
        for side in [\SyntheticPair.device, \.server] {
            pair[keyPath: side].embeddingSeconds = 0
            pair[keyPath: side].headSeconds = 1e-6
        }
        var truth = try pair.truth()
        truth.noise = 0.002
        let alike = try pair.validate(truth.rounds(pair.allCuts, repetitions: 4))
        #expect(try verdict(alike, .identicalLayers).verdict == .holds)
        let heavy = SyntheticPair()
        let report = try heavy.validate(heavy.truth().rounds(heavy.allCuts, repetitions: 4))
        let found = try verdict(report, .identicalLayers)
        #expect(found.verdict == .fails && found.calibratedVerdict == .fails)
    }

    /// Rounds at three frequencies of a truth whose server time has a fixed share.
    private func swept(fixedShare: Double, noise: Double = 0.005) throws -> ValidationReport {
        var pair = SyntheticPair()
        pair.server.settable = true
        var rounds = try pair.truth()
        rounds.noise = noise
        rounds.idleWatts = 0
        for cut in rounds.truth.cuts.indices { rounds.truth.cuts[cut].serverFixedShare = fixedShare }
        let points = [0, 4, 8].flatMap { cut in
            [1e9, 2e9, 3e9].map { MeasuredPoint(cut: cut, serverHertz: $0) }
        }
        return try pair.validate(rounds.rounds(points, repetitions: 4))
    }

    @Test("time as 1/f and power as f^3 hold where they are true")
    func frequencyHolds() throws {
        let report = try swept(fixedShare: 0)
        #expect(try verdict(report, .inverseFrequency).verdict == .holds)
        #expect(try verdict(report, .cubicPower).verdict == .holds)
        #expect(report.summary.frequencies.map(\.serverHertz) == [1e9, 2e9, 3e9])
        for error in report.summary.frequencies {
            #expect(abs(try #require(error.timeErrorRatio.value)) < 0.03)
            #expect(abs(try #require(error.energyErrorRatio.value)) < 0.03)
        }
    }

    @Test("a share of the time that does not depend on the frequency fails 1/f by that share")
    func frequencyFails() throws {
        let report = try swept(fixedShare: 0.5)
        let found = try verdict(report, .inverseFrequency)
        #expect(found.verdict == .fails && found.serverHertz == 1e9)
        // At a third of the frequency (0.5 + 0.5 * 3) / 3 of what 1/f wants.
        #expect(abs(try #require(found.deviation.value) - (2.0 / 3 - 1)) < 0.02)
        let atLowest = try #require(report.summary.frequencies.first)
        #expect(try #require(atLowest.timeErrorRatio.value) > 0.4)
    }

    @Test("latency shows as transfers beyond their bytes, at the cut where it counts most")
    func latency() throws {
        var pair = SyntheticPair()
        pair.link = "up=10gbit,down=10gbit,rtt=20us"
        let fast = try pair.validate(pair.truth().rounds(pair.allCuts, repetitions: 3))
        #expect(try verdict(fast, .idealLink).verdict == .holds)
        pair.link = "up=1gbit,down=1gbit,rtt=200ms"
        let slow = try pair.validate(pair.truth().rounds(pair.allCuts, repetitions: 3))
        #expect(try verdict(slow, .idealLink).verdict == .fails)
        #expect(try #require(try verdict(slow, .idealLink).deviation.value) > 0.2)
    }

    @Test("overlap is measured where there are micro-batches; what rounds cannot show is untested")
    func others() throws {
        var pair = SyntheticPair()
        let sequential = try pair.validate(pair.truth().rounds(pair.allCuts, repetitions: 3))
        #expect(try verdict(sequential, .noOverlap).verdict == .untested)
        #expect(try verdict(sequential, .backwardTwiceForward).verdict == .untested)
        #expect(try verdict(sequential, .freeMemory).verdict == .untested)
        #expect(try verdict(sequential, .inverseFrequency).verdict == .untested)
        pair.microBatches = 2
        let pipelined = try pair.validate(pair.truth().rounds(pair.allCuts, repetitions: 3))
        let found = try verdict(pipelined, .noOverlap)
        #expect(found.verdict == .fails)
        #expect(try #require(found.deviation.value) < 0)
    }

    @Test("one round at each cut leaves a verdict open")
    func single() throws {
        let pair = SyntheticPair()
        let report = try pair.validate(pair.truth().rounds(pair.allCuts, repetitions: 1))
        #expect(try verdict(report, .identicalLayers).verdict == .open)
    }

    @Test("intervals of all points hold together in 95 % of the cases or more")
    func simultaneous() {
        var generator = SeededGenerator(seed: 5)
        let trials = 400
        let holds = (0..<trials).count { _ in
            let members = (0..<10).map { cut in
                SimultaneousMeans.Member(
                    point: MeasuredPoint(cut: cut), ratios: (0..<3).map { _ in 1 + 0.02 * generator.normal() },
                    subject: "", reference: nil)
            }
            let deviation = SimultaneousMeans(members).finding(.measured).deviation
            return deviation.lower! <= 0 && deviation.upper! >= 0
        }
        let coverage = Double(holds) / Double(trials)
        #expect(coverage > 0.92, "\(coverage)")
    }
}
