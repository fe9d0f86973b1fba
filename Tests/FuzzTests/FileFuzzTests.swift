import CARD
import Calibration
import ProfileFormat
import Reporting
import SystemIO
import TestSupport
import Testing

/// Kerf's own files, damaged: each gives one clear line, or what it says is used to the end. None crashes.
///
/// Captures are damaged where their reader is tested, in `HostileArchiveTests`.
@Suite("Damaged files of Kerf")
struct FileFuzzTests {
    private static func expectOneLine(_ error: any Error, _ seed: UInt64, _ name: String) {
        let isOurs = error is KerfError
        #expect(isOurs && !"\(error)".contains("\n"), "\(name), seed \(seed): \(error)")
    }

    @Test("profiles") func profiles() throws {
        var planted = SyntheticProfile()
        (planted.blocks, planted.steps, planted.windows) = (2, 4, 3)
        let good = try KerfJSON.encode(planted.make())
        var (used, refused) = (0, 0)
        try FuzzRun(name: "profiles", rounds: 200)(
            make: { random in
                let bytes = Mutator.seeded.json(good, using: &random)
                return (bytes, bytes)
            },
            attempt: { bytes, seed in
                do {
                    let profile = try KerfJSON.decode(Profile.self, from: bytes, named: "p.json")
                    let calibration = try Calibrator.calibrate([.init(name: "p.json", bytes: bytes)])
                    // What is printed and written of it must hold as well.
                    _ = profile.report(calibration)
                    _ = try KerfJSON.encode(calibration)
                    _ = try CSVExport(bytes, named: "p.json")
                    _ = try PerfettoWriter.bytes(of: Trace(profile))
                    _ = HTMLReport([try ReportSource(bytes, named: "p.json")]).text
                    used += 1
                } catch {
                    Self.expectOneLine(error, seed, "profiles")
                    refused += 1
                }
            })
        #expect(used > 0 && refused > 0, "\(used) used, \(refused) refused")
    }

    @Test("calibrations") func calibrations() throws {
        var planted = SyntheticProfile()
        (planted.blocks, planted.steps, planted.windows) = (2, 4, 3)
        let bytes = try KerfJSON.encode(planted.make())
        let sound = try Calibrator.calibrate([.init(name: "p.json", bytes: bytes)])
        let good = try KerfJSON.encode(sound)
        let decider = Decider(link: try Link(parsing: "up=20mbit,down=80mbit,rtt=20ms"))
        var (used, refused) = (0, 0)
        try FuzzRun(name: "calibrations", rounds: 150)(
            make: { random in
                let bytes = Mutator.seeded.json(good, using: &random)
                return (bytes, bytes)
            },
            attempt: { bytes, seed in
                do {
                    let calibration = try KerfJSON.decode(Calibration.self, from: bytes, named: "c.json")
                    _ = try CSVExport(bytes, named: "c.json")
                    _ = HTMLReport([try ReportSource(bytes, named: "c.json")]).text
                    for sides in [(calibration, sound), (sound, calibration)] {
                        let decision = try decider.decide(
                            device: .init(calibration: sides.0, sha256: "d"),
                            server: .init(calibration: sides.1, sha256: "s"))
                        _ = decision.report
                        _ = try KerfJSON.encode(decision)
                    }
                    used += 1
                } catch {
                    Self.expectOneLine(error, seed, "calibrations")
                    refused += 1
                }
            })
        #expect(used > 0 && refused > 0, "\(used) used, \(refused) refused")
    }
}
