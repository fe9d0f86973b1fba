import CARD
import Quantities
import SystemIO
import Testing

@testable import Validation

@Suite("Measured rounds")
struct RoundTests {
    @Test("rejected rounds are counted and kept, and change nothing else")
    func rejected() throws {
        let pair = SyntheticPair()
        let rounds = try pair.truth().rounds(pair.allCuts, repetitions: 3)
        var wild = rounds[4]
        wild.order = rounds.count
        wild.delaySeconds *= 10
        wild.deviceSeconds *= 10
        wild.steps = 1
        wild.rejection = "the connection was lost"
        let (without, with) = (try pair.validate(rounds), try pair.validate(rounds + [wild]))
        #expect(with.points[4].rejectedRounds == 1 && with.points[4].usedRounds == 3)
        #expect(with.summary.rejectedRounds == 1 && with.summary.usedRounds == rounds.count)
        #expect(with.points[4].terms == without.points[4].terms)
        #expect(with.regrets == without.regrets)
        #expect(with.rounds.last == wild)
    }

    @Test("a cut whose every round was rejected has no measured value, and a warning")
    func allRejected() throws {
        let pair = SyntheticPair()
        var rounds = try pair.truth().rounds(pair.allCuts, repetitions: 2)
        for index in rounds.indices where rounds[index].cut == 3 { rounds[index].rejection = "connection lost" }
        let report = try pair.validate(rounds)
        #expect(report.points[3].usedRounds == 0)
        #expect(report.points[3].terms.delaySeconds.measured.reason == "every round was rejected")
        #expect(report.warnings.contains { $0.hasPrefix("At 1 of 9") })
    }

    @Test("rounds that cannot belong to the prediction are refused")
    func refused() throws {
        let pair = SyntheticPair()
        let rounds = try pair.truth().rounds(pair.allCuts, repetitions: 1)
        func refuses(_ change: (inout MeasuredRound) -> Void) {
            var changed = rounds
            change(&changed[2])
            #expect(throws: KerfError.self) { try pair.validate(changed) }
        }
        refuses { $0.steps = 3 }
        refuses { $0.cut = 9 }
        refuses { $0.serverSeconds = -1 }
        refuses { $0.delaySeconds = .nan }
        refuses { $0.serverHertz = 0 }
        #expect(throws: KerfError.self) { try pair.validate([]) }
        #expect(throws: KerfError.self) {
            try pair.validate(
                rounds.map { round in
                    var round = round
                    round.rejection = "too late"
                    return round
                })
        }
    }

    @Test("a shaped link and a virtual board make their terms simulated, and the report too")
    func origins() throws {
        var conditions = SyntheticPair().conditions
        #expect(conditions.origin == .measured)
        conditions.linkShape = "up=20mbit,down=80mbit,rtt=20ms"
        #expect(conditions.origin(of: .uplink) == .simulated && conditions.origin(of: .delay) == .simulated)
        #expect(conditions.origin(of: .device) == .measured && conditions.origin == .simulated)
        conditions.linkShape = nil
        conditions.server = .init(energyOrigin: .simulated, virtualBoard: "0.8 to 2.6 GHz")
        #expect(conditions.origin(of: .server) == .simulated && conditions.origin(of: .uplink) == .measured)
        #expect(conditions.origin == .simulated)
    }
}
