import Calibration
import ProfileFormat
import Quantities
import Reporting
import Statistics
import SystemIO
import TestSupport

/// Profiles: decoded, calibrated alone and with a sound one, reported, and what comes of them written.
struct ProfileKind: InputKind {
    let name = "profiles"

    private static let sound = Result {
        var planted = SoundProfiles.planted(.simulated)
        planted.seed = 5
        return Calibrator.Input(name: "sound.json", bytes: try KerfJSON.encode(planted.make()))
    }

    func seeds() throws -> [[UInt8]] { try SoundProfiles.all().map { try KerfJSON.encode($0) } }

    func words() throws -> Set<String> { try SchemaWords.words(ofSchema: "profile") }

    func attempt(_ bytes: [UInt8]) throws {
        let profile = try KerfJSON.decode(Profile.self, from: bytes, named: "p.json")
        let input = Calibrator.Input(name: "p.json", bytes: bytes)
        let calibration = try Calibrator.calibrate([input])
        Finding.checkReport(profile.report(calibration))
        try Finding.checkRoundTrip(profile)
        Finding.checkTables(try CSVExport(bytes, named: "p.json"))
        _ = try PerfettoWriter.bytes(of: Trace(profile))
        try Finding.checkRoundTrip(calibration)
        let pooled = try Calibrator.calibrate([input, Self.sound.get()])
        Finding.checkReport(pooled.report)
        try Finding.checkRoundTrip(pooled)
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.json(bytes, maximum: maximum, using: &random)
    }
}
