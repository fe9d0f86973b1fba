import CARD
import Calibration
import ProfileFormat
import Quantities
import Reporting
import Statistics
import SystemIO
import TestSupport

/// Calibrations: decoded, and decided from, as the device's and as the server's beside a sound one.
struct CalibrationKind: InputKind {
    let name = "calibrations"

    private static let sound = Result { try calibration(SoundProfiles.planted(.simulated).make()) }

    private static func calibration(_ profile: Profile) throws -> Calibration {
        try Calibrator.calibrate([.init(name: "p.json", bytes: try KerfJSON.encode(profile))])
    }

    func seeds() throws -> [[UInt8]] {
        try SoundProfiles.all().map { try KerfJSON.encode(try Self.calibration($0)) }
    }

    func words() throws -> Set<String> { try SchemaWords.words(ofSchema: "calibration") }

    func attempt(_ bytes: [UInt8]) throws {
        let calibration = try KerfJSON.decode(Calibration.self, from: bytes, named: "c.json")
        Finding.checkReport(calibration.report)
        try Finding.checkRoundTrip(calibration)
        Finding.checkTables(try CSVExport(bytes, named: "c.json"))
        let sound = try Self.sound.get()
        let decider = try Self.decider(for: bytes)
        for (device, server) in [(calibration, sound), (sound, calibration)] {
            // A side that cannot be the one may still be the other.
            Finding.watch {
                let decision = try decider.decide(
                    device: .init(calibration: device, sha256: "d"), server: .init(calibration: server, sha256: "s"))
                Finding.checkReport(decision.report)
                try Finding.checkRoundTrip(decision)
            }
        }
    }

    /// What is asked differs from input to input, and is the same whenever an input is tried again.
    private static func decider(for bytes: [UInt8]) throws -> Decider {
        var random = SeededGenerator(seed: bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
        var decider = Decider(link: try Link(parsing: "up=20mbit,down=80mbit,rtt=20ms"))
        guard Bool.random(using: &random) else { return decider }
        decider.weight = [0, 0.2, 1].randomElement(using: &random) ?? 1
        decider.level = ModelLevel.allCases.randomElement(using: &random) ?? .paper
        decider.account = EnergyAccount.allCases.randomElement(using: &random) ?? .gross
        decider.scope = EnergyScope.allCases.randomElement(using: &random) ?? .device
        decider.declaredServerWatts = [nil, nil, 0.001, 300].randomElement(using: &random) ?? nil
        decider.microBatches = [1, 1, 2].randomElement(using: &random) ?? 1
        decider.limits = CutLimits(
            deviceMemoryBytes: [nil, 1e6, 1e9].randomElement(using: &random) ?? nil,
            minimumCut: Int.random(in: 0...1, using: &random))
        return decider
    }

    func mutated(_ bytes: [UInt8], maximum: Int, using random: inout SeededGenerator) -> [UInt8] {
        Mutator.libFuzzer.json(bytes, maximum: maximum, using: &random)
    }
}
