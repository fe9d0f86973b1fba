import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@testable import CARD

/// Whether a decision stands, and that its confidence and its list of indistinguishable cuts never contradict.
@Suite("Verdict and confidence")
struct VerdictTests {
    private func decide(
        weight: Double = 0.2, change: (inout Decider) -> Void = { _ in },
        device: (inout Calibration) -> Void = { _ in }, server: (inout Calibration) -> Void = { _ in }
    ) throws -> Decision {
        var planted = SyntheticProfile()
        planted.origin = .measured
        var (a, b) = (try DeciderTests.calibration(planted), try DeciderTests.calibration(planted))
        device(&a)
        server(&b)
        var decider = Decider(link: try DeciderTests.link(), weight: weight)
        change(&decider)
        return try DeciderTests.decide(decider, a, b)
    }

    private func ratio(_ value: Double, _ lower: Double, _ upper: Double) -> Quantity {
        Quantity(value: value, lower: lower, upper: upper, confidence: 0.95, count: 20, origin: .measured)
    }

    @Test("a sound pair of calibrations stands, without reasons")
    func stands() throws {
        for level in ModelLevel.allCases {
            let verdict = try #require(try decide(change: { $0.level = level }).verdict)
            #expect(verdict.stands && verdict.reasons.isEmpty, "\(level): \(verdict.reasons)")
        }
    }

    @Test("a closure fails where it is beyond the limit and its interval excludes zero")
    func closure() throws {
        // The demo's case.
        let failed = try #require(
            try decide(device: { $0.closure.timeRatio = ratio(-0.24, -0.26, -0.22) }).verdict)
        #expect(!failed.stands)
        #expect(failed.reasons.count == 1)
        #expect(failed.reasons.first?.contains("device's layer times differ from the whole step by -24.0 %") == true)
        let known = try #require(try decide(server: { $0.closure.timeRatio = ratio(-0.24, -0.5, 0.02) }).verdict)
        #expect(known.stands, "the interval includes zero")
        let small = try #require(try decide(server: { $0.closure.timeRatio = ratio(-0.04, -0.045, -0.035) }).verdict)
        #expect(small.stands, "within the limit")
        let both = try #require(
            try decide(
                device: { $0.closure.timeRatio = ratio(0.1, 0.09, 0.11) },
                server: {
                    $0.closure.timeRatio = ratio(0.1, 0.09, 0.11)
                    $0.closure.netEnergyRatio = ratio(0.1, 0.09, 0.11)
                }
            ).verdict)
        #expect(both.reasons.count == 3, "\(both.reasons)")
        let bare = try #require(
            try decide(server: { $0.closure.timeRatio = Quantity(value: 0.3, count: 1, origin: .measured) }).verdict)
        #expect(!bare.stands, "beyond the limit without an interval")
    }

    @Test("only the values that a decision uses are judged")
    func used() throws {
        let off = ratio(0.3, 0.29, 0.31)
        func fails(_ calibration: inout Calibration) {
            calibration.closure = Closure(timeRatio: off, grossEnergyRatio: off, netEnergyRatio: off)
        }
        func energyFails(_ calibration: inout Calibration) {
            (calibration.closure.grossEnergyRatio, calibration.closure.netEnergyRatio) = (off, off)
        }
        let paper = try decide(change: { $0.level = .paper }, device: fails, server: fails)
        #expect(paper.verdict?.stands == true, "level A uses no measured layer")
        for level in ModelLevel.allCases.dropFirst() {
            let decision = try decide(change: { $0.level = level }, device: fails)
            #expect(decision.verdict?.stands == false, "\(level)")
        }
        #expect(try decide(server: energyFails).verdict?.stands == false)
        #expect(try decide(weight: 1, server: energyFails).verdict?.stands == true)
        let declared = try decide(change: { $0.declaredServerWatts = 60 }, server: energyFails)
        #expect(declared.verdict?.stands == true)
        #expect(try decide(device: energyFails).verdict?.stands == true)
        let scoped = try decide(change: { $0.scope = .device }, device: energyFails)
        #expect(scoped.verdict?.stands == false)
        // The closure of net energy, which older calibrations lack, is replaced by that of gross energy.
        let old = try decide(server: { calibration in
            energyFails(&calibration)
            calibration.closure.netEnergyRatio = nil
        })
        #expect(old.verdict?.stands == false)
        // Net energies are used, and only gross ones do not add up.
        #expect(try decide(server: { $0.closure.grossEnergyRatio = off }).verdict?.stands == true)
    }

    @Test("times and energies that are too wide, or have no interval, do not stand")
    func wide() throws {
        func widen(_ quantity: inout Quantity, by share: Double) {
            guard let value = quantity.value, value > 0 else { return }
            (quantity.lower, quantity.upper) = (value * (1 - share), value * (1 + share))
        }
        let times = try #require(
            try decide(device: { calibration in
                for index in calibration.layers.indices {
                    widen(&calibration.layers[index].forward.timeSeconds, by: 0.2)
                    widen(&calibration.layers[index].backward.timeSeconds, by: 0.2)
                }
            }).verdict)
        #expect(times.reasons == ["The device's layer times are known only to ± 20.0 %, more than 10.0 %."])
        // One wide pass among many narrow ones does not matter.
        let one = try decide(device: { widen(&$0.layers[1].forward.timeSeconds, by: 0.2) })
        #expect(one.verdict?.stands == true)
        let unknown = try #require(
            try decide(server: { calibration in
                let value = calibration.layers[1].forward.timeSeconds.value
                calibration.layers[1].forward.timeSeconds = Quantity(value: value, count: 1, origin: .measured)
            }).verdict)
        #expect(unknown.reasons == ["The server's layer times have no interval."])
        let energies = try #require(
            try decide(server: { calibration in
                for index in calibration.layers.indices {
                    widen(&calibration.layers[index].forward.netEnergyJoules, by: 0.4)
                    widen(&calibration.layers[index].backward.netEnergyJoules, by: 0.4)
                }
            }).verdict)
        #expect(energies.reasons == ["The server's layer net energies are known only to ± 40.0 %, more than 25.0 %."])
    }

    /// A decision on random boxes: a few steps or many, little noise or much, near ties and clear winners.
    private func randomDecision(_ generator: inout SeededGenerator) throws -> Decision {
        var (device, server) = (SyntheticProfile(), SyntheticProfile())
        let blocks = Int.random(in: 2...18, using: &generator)
        (device.blocks, server.blocks) = (blocks, blocks)
        for profile in [\Pair.device, \Pair.server] {
            var pair = Pair(device: device, server: server)
            pair[keyPath: profile].seed = generator.next()
            pair[keyPath: profile].steps = Int.random(in: 4...20, using: &generator)
            pair[keyPath: profile].noise = 0.001 * Double(Int.random(in: 1...100, using: &generator))
            pair[keyPath: profile].stepNoise = generator.uniform() < 0.5 ? 0 : 0.05
            pair[keyPath: profile].blockSeconds = 0.01 * (0.9 + 0.2 * generator.uniform())
            pair[keyPath: profile].headSeconds = 0.01 + 0.03 * generator.uniform()
            (device, server) = (pair.device, pair.server)
        }
        let decider = Decider(
            link: try DeciderTests.link("up=1gbit,down=1gbit,rtt=0us"), weight: 0.2 + 0.8 * generator.uniform())
        return try DeciderTests.decide(
            decider, DeciderTests.calibration(device), DeciderTests.calibration(server))
    }

    private struct Pair {
        var device: SyntheticProfile
        var server: SyntheticProfile
    }

    @Test("a cut is indistinguishable exactly where the chosen one is the best in less than 95 % of the samples")
    func consistent() throws {
        var generator = SeededGenerator(seed: 5)
        var (certain, uncertain) = (0, 0)
        for _ in 0..<60 {
            let decision = try randomDecision(&generator)
            let confidence = try #require(decision.confidence)
            let close = try #require(confidence.indistinguishableCuts)
            let probabilities = Dictionary(uniqueKeysWithValues: confidence.cuts.map { ($0.cut, $0.probability) })
            #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-9)
            #expect(probabilities[decision.choice.cut] == confidence.chosenProbability)
            #expect(close.isEmpty == (confidence.chosenProbability >= Confidence.credibleShare))
            #expect(close == close.sorted() && !close.contains(decision.choice.cut))
            let covered = close.reduce(confidence.chosenProbability) { $0 + (probabilities[$1] ?? 0) }
            #expect(covered >= Confidence.credibleShare - 1e-9)
            if let least = close.compactMap({ probabilities[$0] }).min() {
                #expect(covered - least < Confidence.credibleShare, "no cut more than needed")
                let others = probabilities.filter { !close.contains($0.key) && $0.key != decision.choice.cut }
                #expect(others.values.allSatisfy { $0 <= least }, "the most probable cuts are listed")
                uncertain += 1
            } else {
                certain += 1
            }
            #expect(decision.warnings.contains { $0.contains("cannot be distinguished") } == !close.isEmpty)
        }
        #expect(certain > 5 && uncertain > 5, "\(certain) and \(uncertain)")
    }

    @Test("the list is the smallest set of cuts, the most probable first, of equal ones the lower")
    func credibleSet() {
        func list(_ wins: [Int], chosen: Int) -> [Int] {
            Confidence.indistinguishable(cuts: Array(wins.indices).map { $0 + 10 }, wins: wins, chosen: chosen)
        }
        #expect(list([0, 2000, 0], chosen: 1) == [])
        #expect(list([100, 1900, 0], chosen: 1) == [])
        #expect(list([101, 1899, 0], chosen: 1) == [10])
        #expect(list([500, 500, 500, 500], chosen: 3) == [10, 11, 12])
        #expect(list([50, 50, 900, 1000], chosen: 3) == [12])
        #expect(list([50, 50, 50, 1850], chosen: 3) == [10])
        #expect(list([1000, 0, 1000], chosen: 1) == [10, 12])
    }

    /// The demo once printed "best with probability 100 %" and "cannot tell cuts 0 to 18 from the chosen one" for a
    /// closure of -24 %: the intervals of the sums of the layers were wide, and the samples said that the choice was
    /// certain.
    @Test("probability 100 % and a list of cuts exclude each other, with wide correlated times as in the demo")
    func demo() throws {
        var planted = SyntheticProfile()
        (planted.blocks, planted.noise, planted.stepNoise, planted.steps) = (18, 0.02, 0.25, 8)
        var device = planted
        (device.seed, device.blockSeconds, device.headSeconds) = (2, 0.02, 0.05)
        let (a, b) = (try DeciderTests.calibration(device), try DeciderTests.calibration(planted))
        for weight in [0.2, 0.5, 0.8, 1] {
            let decider = Decider(link: try DeciderTests.link("up=200mbit,down=800mbit,rtt=2ms"), weight: weight)
            var server = b
            server.closure.timeRatio = ratio(-0.24, -0.27, -0.21)
            let decision = try DeciderTests.decide(decider, a, server)
            let confidence = try #require(decision.confidence)
            #expect(confidence.indistinguishableCuts?.isEmpty == (confidence.chosenProbability >= 0.95))
            #expect(decision.verdict?.stands == false)
            #expect(decision.verdict?.reasons.contains { $0.contains("-24.0 %") } == true)
        }
    }
}
