import CARD
import Quantities
import SystemIO
import TestSupport
import Testing

@testable import Validation

/// The schema of validations and its Swift types require the same fields.
@Suite("Validation schema")
struct ValidationSchemaTests {
    /// A report with as many optional fields as one report has.
    static func full() throws -> ValidationReport {
        var pair = SyntheticPair(blocks: 2)
        pair.server.settable = true
        pair.server.origin = .simulated
        pair.microBatches = 2
        pair.weight = 0.7
        // Every field of a point is in one of them; each costs a second.
        var rounds = try pair.truth().rounds([MeasuredPoint(cut: 0, serverHertz: 3e9)], repetitions: 3)
        rounds[0].rejection = "other work"
        (rounds[0].deviceReferenceSeconds, rounds[0].serverReferenceSeconds) = (1e-3, 2e-3)
        let sides = try pair.sides()
        var decider = try pair.decider
        decider.link.source = "a test"
        (decider.link.uplinkRelativeHalfWidth, decider.link.downlinkRelativeHalfWidth) = (0.01, 0.01)
        decider.limits = CutLimits(minimumCut: 0)
        let conditions = RoundConditions(
            linkShape: "up=20mbit,down=80mbit,rtt=4ms", device: .init(energyOrigin: .measured),
            server: .init(energyOrigin: .simulated, virtualBoard: "1 to 3 GHz"))
        return try Validator(decider: decider, conditions: conditions).validate(
            device: sides.device, server: sides.server, rounds: rounds, created: "2026-01-01T00:00:00Z")
    }

    /// Without meters, repetitions, or anything optional; the decision is by delay alone.
    static func bare() throws -> ValidationReport {
        var pair = SyntheticPair(blocks: 4)
        pair.device.origin = .unavailable
        pair.server.origin = .unavailable
        pair.server.ratedWatts = nil
        pair.weight = 1
        var truth = try pair.truth()
        truth.isMetered = false
        let sides = try pair.sides()
        let side = RoundConditions.MeteredSide(energyOrigin: .unavailable)
        return try Validator(decider: pair.decider, conditions: RoundConditions(device: side, server: side)).validate(
            device: sides.device, server: sides.server, rounds: truth.rounds([MeasuredPoint(cut: 1)], repetitions: 1),
            created: "2026-01-01T00:00:00Z")
    }

    @Test(
        "a report with every field, and one with the fewest",
        .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
    func agreement() throws {
        var full = try Self.full()
        full.prediction.limits = CutLimits(deviceMemoryBytes: 1e9, serverMemoryBytes: 1e9)
        full.conditions.device.virtualBoard = "1 to 3 GHz"
        let conditional = ["normalizer_seconds", "normalizer_joules"].flatMap { ["\($0).minimum", "\($0).maximum"] }
        #expect(try SchemaAgreement.faults(of: [full], schema: "validation", conditional: conditional) == [])
        #expect(try SchemaChecker.faults(in: KerfJSON.encode(Self.bare()), schema: "validation").isEmpty)
    }

    @Test("a report reads again as the same, to the same bytes")
    func roundTrip() throws {
        for report in [try Self.full(), try Self.bare()] {
            let bytes = try KerfJSON.encode(report)
            let read = try KerfJSON.decode(ValidationReport.self, from: bytes, named: "validation.json")
            #expect(read == report)
            #expect(try KerfJSON.encode(read) == bytes)
        }
    }

    @Test("the same input and seed give the same report")
    func pure() throws { #expect(try Self.full() == Self.full()) }

    @Test("what a report says it was measured with")
    func provenance() throws {
        let report = try Self.full()
        #expect(report.origin == .simulated)
        #expect(report.prediction.device.calibrationSha256.count == 64)
        #expect(report.warnings.contains { $0.hasPrefix("The link was shaped") })
        #expect(report.warnings.contains { $0.hasPrefix("The server's meter is a virtual board") })
        for side in ["device", "server"] {
            #expect(report.warnings.contains { $0.hasPrefix("The \(side)'s calibration is from one profile") })
        }
        #expect(report.rounds.map(\.order) == [0, 1, 2])
    }
}
