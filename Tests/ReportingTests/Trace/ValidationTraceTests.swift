import Reporting
import Testing
import Validation

@Suite("Trace of a validation")
struct ValidationTraceTests {
    @Test("rounds and their parts are laid end to end, each part on its side")
    func rounds() throws {
        let report = try ValidationTextTests().report(blocks: 4, repetitions: 2)
        let decoded = try Trace(report).decoded()
        #expect(decoded.faults == [] && decoded.nestingFaults == [])
        let rounds = decoded.slices("round")
        #expect(rounds.count == report.rounds.count && rounds.first?.annotations["origin"]?.stringValue == "measured")
        let sum = report.rounds.reduce(0) { $0 + $1.delaySeconds } * 1e9
        #expect(abs(Double(rounds.reduce(0) { $0 + $1.nanoseconds }) - sum) <= Double(rounds.count))
        #expect(zip(rounds, rounds.dropFirst()).allSatisfy { $0.end == $1.start })
        for (name, side, seconds) in [
            ("device", "device", report.rounds.map(\.deviceSeconds)),
            ("server", "server", report.rounds.map(\.serverSeconds)),
            ("uplink", "link", report.rounds.map(\.uplinkSeconds)),
        ] {
            let parts = decoded.slices("part", on: name, inGroup: side)
            let difference = Double(parts.reduce(0) { $0 + $1.nanoseconds }) - seconds.reduce(0, +) * 1e9
            #expect(abs(difference) <= Double(seconds.count), "\(name)")
        }
    }

    @Test("where parts overlap each begins with its round")
    func overlap() throws {
        var report = try ValidationTextTests().report(blocks: 4, repetitions: 1)
        report.rounds[0].delaySeconds = max(report.rounds[0].deviceSeconds, report.rounds[0].serverSeconds)
        let decoded = try Trace(report).decoded()
        let first = try #require(decoded.slices("round").first)
        let parts = decoded.slices("part").filter { $0.start < first.end }
        #expect(decoded.faults == [] && !parts.isEmpty && parts.allSatisfy { $0.start == first.start })
    }
}
