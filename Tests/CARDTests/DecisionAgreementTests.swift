import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing

/// The schema of decisions and its Swift types require the same fields.
@Suite("Decision schema and types", .enabled(if: SchemaChecker.isPossible, SchemaChecker.needs))
struct DecisionAgreementTests {
    /// Fields that the schema requires by the value of another.
    private static let conditional = ["normalizer_seconds", "normalizer_joules"].flatMap {
        ["\($0).minimum", "\($0).maximum"]
    }

    /// A decision with every field, and one with the fewest.
    private static func samples() throws -> (full: Decision, bare: Decision) {
        var planted = SyntheticProfile()
        planted.blocks = 2
        var (device, server) = (try Calibration.planted(planted), try Calibration.planted(planted))
        device.plantMemory(megabytes: 100)
        server.plantMemory(megabytes: 100)
        device.closure.timeRatio = Quantity(value: 0.3, count: 1, origin: .measured)
        SyntheticSweep(fixedShare: 0.5, staticWatts: 20, dynamicWatts: 20, exponent: 2, width: 0.01).plant(
            into: &server)
        var link = try DeciderTests.link()
        link.source = "planted"
        (link.uplinkRelativeHalfWidth, link.downlinkRelativeHalfWidth) = (0.1, 0.1)
        var decider = Decider(link: link, microBatches: 2)
        // The paper's form wants the cut that memory excludes.
        decider.limits = CutLimits(deviceMemoryBytes: 2.5e8, serverMemoryBytes: 3.5e8)
        let hash = String(repeating: "0", count: 64)
        func decide(_ device: Calibration, _ server: Calibration) throws -> Decision {
            try decider.decide(
                device: .init(calibration: device, sha256: hash), server: .init(calibration: server, sha256: hash))
        }
        var full = try decide(device, server)
        full.task = .inference
        planted.origin = .unavailable
        planted.ratedWatts = nil
        var bare = try Calibration.planted(planted)
        bare.frequency.runningHertz = .unavailable("planted")
        decider = Decider(link: try DeciderTests.link(), weight: 1)
        return (full, try decide(bare, bare))
    }

    @Test("a decision with every field, and one with the fewest")
    func agreement() throws {
        let (full, bare) = try Self.samples()
        #expect(
            try SchemaAgreement.faults(of: [full, bare], schema: "decision", conditional: Self.conditional) == [])
    }

    @Test("decisions of several boxes: with every field, and with pairs that have none")
    func several() throws {
        let (full, bare) = try Self.samples()
        let boxes = [try PairsTests.box("phone", blocks: 2), try PairsTests.box("other", blocks: 3)]
        var decisions = try PairsTests.decide(boxes, [boxes[0]])
        decisions.devices[0].virtualBoard = "planted"
        decisions.devices[1].virtualBoard = nil
        decisions.pairs[0].decision = full
        decisions.warnings.append("planted")
        var none = try PairsTests.decide([boxes[0]], [boxes[0]])
        none.pairs[0].decision = bare
        none.round.server = nil
        #expect(
            try SchemaAgreement.faults(
                of: [decisions, none], schema: "decisions", conditional: Self.conditional) == [])
    }

    @Test("a decision of version 1 is read, with its old names")
    func oldVersion() throws {
        let calibration = try Calibration.planted(SyntheticProfile())
        let decision = try DeciderTests.decide(Decider(link: DeciderTests.link()), calibration, calibration)
        var text = String(decoding: try KerfJSON.encode(decision), as: UTF8.self)
        for (new, old) in [
            ("\"schema_version\" : 2", "\"schema_version\" : 1"),
            ("\"level\" :", "\"rung\" :"),  // retired-word-ok: a key of version 1
            ("\"levels\" :", "\"rungs\" :"),  // retired-word-ok: a key of version 1
            ("_normalizer_", "_normaliser_"), ("\"assumed_cut\"", "\"believed_cut\""),
            ("\"inverse_frequency\"", "\"inverse_clock\""),
        ] {
            #expect(text.contains(new), "\(new)")
            text.replace(new, with: old)
        }
        let read = try KerfJSON.decode(Decision.self, from: Array(text.utf8), named: "old.json")
        #expect(read.level == decision.level && read.levels == decision.levels)
        #expect(read.delayNormalizerSeconds == decision.delayNormalizerSeconds)
        #expect(read.findings == decision.findings)
        #expect(read.schemaVersion == 2)
    }
}
