import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing

@testable import Reporting

/// The first line of a decision.
@Suite("Headline of a decision")
struct DecisionHeadlineTests {
    private func decide(
        weight: Double = 0.5, noise: Double = 0.01, device change: (inout Calibration) -> Void = { _ in }
    ) throws -> Decision {
        var planted = SyntheticProfile()
        (planted.blocks, planted.noise, planted.origin) = (8, noise, .measured)
        let server = try Calibration.planted(planted)
        planted.seed = 2
        var device = try Calibration.planted(planted)
        change(&device)
        let decider = Decider(link: try Link(parsing: "up=1gbit,down=1gbit,rtt=0us"), weight: weight)
        return try decider.decide(
            device: .init(calibration: device, sha256: "d"), server: .init(calibration: server, sha256: "s"))
    }

    private func first(_ decision: Decision) throws -> String {
        String(try #require(decision.report.split(separator: "\n").first))
    }

    @Test("a decision that stands: the choice and its confidence")
    func stands() throws {
        let decision = try decide()
        let line = try first(decision)
        #expect(line == decision.headline)
        #expect(line.hasPrefix("cut \(decision.choice.cut) of 8, "))
        #expect(line.contains("best with probability "))
    }

    @Test("a decision that does not stand says why, before everything else")
    func fails() throws {
        let decision = try decide(device: {
            $0.closure.timeRatio = Quantity(
                value: -0.24, lower: -0.26, upper: -0.22, confidence: 0.95, count: 20, origin: .measured)
        })
        let line = try first(decision)
        #expect(
            line == "THE DECISION DOES NOT STAND: The device's layer times differ from the whole step by "
                + "-24.0 % (-26.0 to -22.0 %), more than 5.0 %.")
        #expect(decision.report.split(separator: "\n")[1].hasPrefix("choice: cut "))
    }

    @Test("probability 100 % and cuts that cannot be distinguished never stand on one line")
    func consistent() throws {
        var (certain, uncertain) = (0, 0)
        for weight in stride(from: 0.0, through: 1.0, by: 0.1) {
            for noise in [0.001, 0.02, 0.08] {
                let line = try first(decide(weight: weight, noise: noise))
                #expect(!(line.contains("100 %") && line.contains("not distinguishable")), "\(line)")
                if line.contains("100 %") { certain += 1 }
                if line.contains("not distinguishable") { uncertain += 1 }
            }
        }
        #expect(certain > 0 && uncertain > 0, "\(certain) and \(uncertain)")
    }

    @Test("numbers in a row are shown as ranges")
    func ranges() {
        #expect(Decision.ranges([0, 1, 2, 3, 7, 8, 10]) == "0 to 3, 7, 8, 10")
        #expect(Decision.ranges([4]) == "4")
        #expect(Decision.ranges([]) == "")
    }
}
