import CARD
import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing

@Suite("Decision schema", .requires(.jsonschema))
struct DecisionSchemaTests {
    private func decision(_ planted: SyntheticProfile, _ change: (inout Decider) -> Void = { _ in }) throws -> [UInt8] {
        var decider = Decider(link: try DeciderTests.link())
        change(&decider)
        let bytes = try KerfJSON.encode(planted.make())
        let calibration = try Calibrator.calibrate([.init(name: "p.json", bytes: bytes)])
        let side = Decider.Side(calibration: calibration, sha256: SHA256.hexDigest(of: bytes))
        return try KerfJSON.encode(try decider.decide(device: side, server: side))
    }

    @Test("decisions are valid: all levels, with a settable frequency, without energy")
    func valid() throws {
        var planted = SyntheticProfile()
        for level in ModelLevel.allCases {
            #expect(try SchemaChecker.faults(in: decision(planted) { $0.level = level }, schema: "decision").isEmpty)
        }
        (planted.settable, planted.origin, planted.ratedWatts) = (true, .unavailable, nil)
        #expect(try SchemaChecker.faults(in: decision(planted) { $0.weight = 1 }, schema: "decision").isEmpty)
    }

    @Test(
        "a broken decision is not valid",
        arguments: [
            ("\"level\" : \"B\"", "\"level\" : \"Z\""), ("\"tied_cuts\" :", "\"ties\" :"),
            ("\"weight\" : 0.2", "\"weight\" : 2"), ("\"device_seconds\" :", "\"device_hours\" :"),
            ("\"kind\" : \"device_only\"", "\"kind\" : \"nowhere\""),
            ("\"method\" : \"corners\"", "\"method\" : \"unavailable\""),
        ])
    func broken(from: String, to: String) throws {
        let bytes = try decision(SyntheticProfile())
        #expect(!(try SchemaChecker.faults(in: bytes, changing: from, to: to, schema: "decision").isEmpty))
    }
}
