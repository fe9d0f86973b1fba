import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing

/// Planted boxes on which only what the paper leaves out makes an interior cut right, and the decision says why.
@Suite("Interior cuts")
struct InteriorTests {
    private func decide(
        _ device: Calibration, _ server: Calibration, _ change: (inout Decider) -> Void
    ) throws -> Decision {
        var decider = Decider(link: try DeciderTests.link("up=1gbit,down=1gbit,rtt=0ms"), weight: 1)
        change(&decider)
        return try DeciderTests.decide(decider, device, server)
    }

    private func finding(_ decision: Decision, _ assumption: PaperAssumption) throws -> AssumptionFinding {
        try #require(decision.findings.first { $0.assumption == assumption })
    }

    private func expectInterior(_ decision: Decision) {
        #expect(decision.choice.kind == .split, "cut \(decision.choice.cut)")
        #expect([0, decision.blockCount].contains(decision.levels[0].cut ?? -1), "the paper's form takes an endpoint")
        #expect((decision.levels[0].regret ?? 1) > 0)
        #expect(decision.levels[4].regret == 0)
    }

    @Test("a heavy head belongs on the server, the blocks on a quick device")
    func heavyHead() throws {
        var (device, server) = (SyntheticProfile(), SyntheticProfile())
        (device.blocks, device.blockSeconds, device.headSeconds) = (8, 0.004, 0.5)
        (server.blocks, server.blockSeconds, server.headSeconds) = (8, 0.008, 0.02)
        server.embeddingSeconds = 0.004
        let decision = try decide(DeciderTests.calibration(device), DeciderTests.calibration(server)) { _ in }
        expectInterior(decision)
        let layers = try finding(decision, .identicalLayers)
        #expect(layers.verdict == .fails && layers.changesDecision == true)
        #expect(layers.deviation.reason?.contains("head") == true && (layers.regret ?? 0) > 0)
    }

    @Test("a memory cap keeps a quick device from taking all, and the finding names it")
    func memoryCap() throws {
        var (device, server) = (SyntheticProfile(), SyntheticProfile())
        (device.blocks, device.blockSeconds, device.headSeconds) = (8, 0.004, 0.01)
        (server.blocks, server.blockSeconds, server.headSeconds) = (8, 0.04, 0.1)
        var (a, b) = (try DeciderTests.calibration(device), try DeciderTests.calibration(server))
        a.plantMemory(megabytes: 100)
        b.plantMemory(megabytes: 100)
        let decision = try decide(a, b) { $0.limits = CutLimits(deviceMemoryBytes: 6.5e8) }
        #expect(decision.choice.cut == 5)
        #expect(decision.cuts[8].exclusion?.contains("of the device's") == true)
        let memory = try finding(decision, .freeMemory)
        #expect(memory.verdict == .fails && memory.assumedCut == 8 && memory.changesDecision == true)
        #expect(memory.regret == nil && memory.obstacle?.contains("needs 900 MB") == true)
        #expect(decision.levels.map(\.cut)[..<3].allSatisfy { [0, 8].contains($0) })
    }

    @Test("where computing overlaps with sending, both sides working beats either alone")
    func overlap() throws {
        var planted = SyntheticProfile()
        (planted.blocks, planted.blockSeconds, planted.headSeconds, planted.embeddingSeconds) = (8, 0.02, 0.02, 0.001)
        let calibration = try DeciderTests.calibration(planted)
        let decision = try decide(calibration, calibration) { $0.microBatches = 2 }
        expectInterior(decision)
        let overlap = try finding(decision, .noOverlap)
        #expect(overlap.verdict == .fails && overlap.changesDecision == true && (overlap.regret ?? 0) > 0)
        let chosen = decision.cuts[decision.choice.cut]
        #expect((chosen.delayParts.overlapSeconds ?? 0) > 0.1 * (try #require(chosen.delaySeconds.value)))
    }

    @Test("a neutral box breaks no assumption that it keeps, and says which it cannot tell")
    func verdicts() throws {
        var planted = SyntheticProfile()
        (planted.backwardFactor, planted.noise, planted.headSeconds) = (2, 0.001, 0.03)
        let calibration = try DeciderTests.calibration(planted)
        let decision = try decide(calibration, calibration) { _ in }
        let backward = try finding(decision, .backwardTwiceForward)
        #expect(backward.verdict == .holds && abs(backward.deviation.value ?? 1) < 0.02)
        for unknown in [PaperAssumption.inverseFrequency, .cubicPower, .freeMemory, .noOverlap] {
            let finding = try finding(decision, unknown)
            #expect(finding.verdict == .untested && finding.assumedCut == nil && finding.deviation.reason != nil)
        }
        var swept = calibration
        SyntheticSweep(fixedShare: 0.5, staticWatts: 20, dynamicWatts: 20, exponent: 2).plant(into: &swept)
        let known = try decide(calibration, swept) { _ in }
        #expect(try finding(known, .inverseFrequency).verdict == .fails)
        #expect(abs((try finding(known, .inverseFrequency).deviation.value ?? 0) + 0.5) < 0.01)
        #expect(try finding(known, .cubicPower).verdict == .fails)
    }

    @Test("a better link never raises the least delay, and a faster server never moves layers to the device")
    func monotone() throws {
        var generator = SeededGenerator(seed: 31)
        for _ in 0..<300 {
            let instance = RandomInstance(&generator)
            let solver = try Solver(model: instance.model(), weight: 1)
            let slow = solver.solve().chosen
            var better = instance
            better.uplink *= 1 + generator.uniform()
            better.rtt *= generator.uniform()
            let quick = try Solver(model: better.model(), weight: 1).solve().chosen
            #expect(better.delay(quick.cut.cut, quick.ratio) <= instance.delay(slow.cut.cut, slow.ratio) * (1 + 1e-12))
            var faster = instance
            let factor = generator.uniform()
            for index in faster.cuts.indices { faster.cuts[index].server *= factor }
            #expect(try Solver(model: faster.model(), weight: 1).solve().chosen.cut.cut <= slow.cut.cut)
        }
    }
}
