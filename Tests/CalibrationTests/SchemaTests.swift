import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@Suite("Schemas", .requires(.jsonschema))
struct SchemaTests {
    private static var profiles: [Profile] {
        var planted = SyntheticProfile()
        let simulated = planted.make()
        planted.origin = .unavailable
        planted.ratedWatts = nil
        let unmetered = planted.make()
        planted.origin = .measured
        planted.windows = 2
        var shared = planted.make()
        shared.settings.weightResidency = .shared
        return [simulated, unmetered, shared]
    }

    @Test("profiles and their calibrations are valid: with a meter, without, unresolved", arguments: 0..<3)
    func valid(index: Int) throws {
        let bytes = try KerfJSON.encode(Self.profiles[index])
        #expect(try SchemaChecker.faults(in: bytes, schema: "profile").isEmpty)
        let calibration = try Calibrator.calibrate([.init(name: "p.json", bytes: bytes)])
        #expect(try SchemaChecker.faults(in: KerfJSON.encode(calibration), schema: "calibration").isEmpty)
    }

    @Test(
        "a broken profile is not valid",
        arguments: [
            ("\"schema\" : \"kerf.profile\"", "\"schema\" : \"kerf.board\""),
            ("\"schema_version\" : 3", "\"schema_version\" : 2"), ("\"threads\" : 2", "\"threads\" : \"two\""),
            ("\"settable\" : false", "\"settable\" : false, \"stray\" : 1"),
            ("\"origin\" : \"measured\"", "\"origin\" : \"guessed\""),
            // A value that is unavailable, and an unavailable quantity with a value.
            ("\"origin\" : \"measured\"", "\"origin\" : \"unavailable\", \"reason\" : \"x\""),
            ("\"role\" : \"mirror\"", "\"role\" : \"counted\""), ("\"seconds\" : 0.", "\"seconds\" : -0."),
            ("\"kind\" : \"embedding\"", "\"kind\" : \"attic\""), ("\"created\" :", "\"made\" :"),
        ])
    func brokenProfile(from: String, to: String) throws {
        let bytes = try KerfJSON.encode(SyntheticProfile().make())
        #expect(!(try SchemaChecker.faults(in: bytes, changing: from, to: to, schema: "profile").isEmpty))
    }

    @Test(
        "a broken calibration is not valid",
        arguments: [
            ("\"time_ratio\" :", "\"ratio\" :"), ("\"sha256\" : \"", "\"sha256\" : \"x"),
            ("\"net_energy_joules\" : {", "\"net_energy_joules\" : 3, \"x\" : {"),
            ("\"confidence\" : 0.95", "\"confidence\" : 95"), ("\"lower\" :", "\"least\" :"),
        ])
    func brokenCalibration(from: String, to: String) throws {
        let bytes = try KerfJSON.encode(try CalibratorTests.calibrate(SyntheticProfile()))
        #expect(!(try SchemaChecker.faults(in: bytes, changing: from, to: to, schema: "calibration").isEmpty))
    }

    @Test("an unavailable quantity must not have a value, and must say why")
    func unavailable() throws {
        var planted = SyntheticProfile()
        planted.origin = .unavailable
        let bytes = try KerfJSON.encode(try CalibratorTests.calibrate(planted))
        for (from, to) in [
            ("\"origin\" : \"unavailable\",\n", "\"origin\" : \"unavailable\", \"value\" : 0,\n"),
            ("\"origin\" : \"unavailable\",\n", "\"origin\" : \"measured\",\n"),
        ] {
            #expect(!(try SchemaChecker.faults(in: bytes, changing: from, to: to, schema: "calibration").isEmpty))
        }
    }
}
