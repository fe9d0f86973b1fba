import Calibration
import Foundation
import ProfileFormat
import Reporting
import SystemIO
import Testing

/// The whole reports of the commands on committed inputs.
struct ReportSnapshotTests {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    private static func corpus(_ path: String) -> String { tests.appendingPathComponent("Corpus/\(path)").path }

    /// Runs in a folder of its own, so that the report names its outputs by relative paths.
    private func report(_ arguments: [String], in folder: String? = nil) throws -> String {
        let workspace = try Workspace()
        let outcome = try KerfProcess(arguments, in: folder ?? workspace.url.path).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        return outcome.standardOutput
    }

    /// A recorded tree, unpacked: what the doctor reports does not depend on the machine of the test.
    @Test func doctor() throws {
        let workspace = try Workspace()
        try FileManager.default.createDirectory(atPath: workspace.path("tree"), withIntermediateDirectories: true)
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "-x", "-f", Self.corpus("captures/7aaa799-tree.tar"), "-C", workspace.path("tree")]
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
        // A file that cannot be read is named by its absolute path.
        let text = try report(["doctor", "--root", "tree"], in: workspace.url.path)
            .replacingOccurrences(of: workspace.url.resolvingSymlinksInPath().path + "/", with: "")
        try Snapshot.expect(text, matches: "doctor-tree")
    }

    /// The summary at the end of `kerf profile`, of profiles that were written before: a run has other numbers each time.
    @Test(arguments: ["board", "gpu", "plain", "sweep"])
    func profile(_ name: String) throws {
        let file = Self.corpus("profiles/7aaa799-\(name).json")
        let profile = try KerfJSON.read(Profile.self, at: file).file
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        let text = profile.report(try Calibrator.calibrate([Calibrator.Input(name: "profile.json", bytes: bytes)]))
        try Snapshot.expect(text, matches: "profile-\(name)")
    }

    @Test(arguments: ["board", "gpu", "plain", "sweep"])
    func calibrate(_ name: String) throws {
        let text = try report(["calibrate", Self.corpus("profiles/7aaa799-\(name).json"), "--out", "calibration.json"])
        try Snapshot.expect(text, matches: "calibrate-\(name)")
    }

    /// Two profiles of earlier versions, of one model.
    @Test(arguments: [("board", [String]()), ("board-all", ["--layers", "--kernels"])])
    func compare(_ name: String, options: [String]) throws {
        let files = ["33f0510", "7aaa799"].map { Self.corpus("profiles/\($0)-board.json") }
        let text = try report(["compare"] + files + options)
        let plain = text.replacingOccurrences(of: Self.corpus(""), with: "Tests/Corpus/")
        try Snapshot.expect(plain, matches: "compare-\(name)")
    }

    private static let decisions: [(name: String, device: String, server: String, options: [String])] = [
        ("default", "board", "board", ["--link", "up=20mbit,down=80mbit,rtt=20ms"]),
        (
            "limits", "board", "board",
            [
                "--iperf3", corpus("inputs/iperf3-up.json"), "--iperf3", corpus("inputs/iperf3-down.json"),
                "--device-memory", "2gib", "--server-memory", "1gib", "--min-cut", "1", "--micro-batches", "2",
                "--energy-scope", "device", "--steps", "4", "--weight", "0.4",
            ]
        ),
        ("no-energy", "plain", "plain", ["--link", "up=2mbit,down=8mbit,rtt=20ms", "--weight", "1"]),
        ("sweep", "plain", "sweep", ["--channel", "normal", "--level", "C", "--energy", "gross"]),
    ]

    @Test(arguments: decisions.map(\.name))
    func decide(_ name: String) throws {
        let decision = try #require(Self.decisions.first { $0.name == name })
        let sides = [decision.device, decision.server].map { Self.corpus("calibrations/7aaa799-\($0).json") }
        let text = try report(
            ["decide", "--device", sides[0], "--server", sides[1], "--out", "decision.json"] + decision.options)
        // A source is named by its path, which differs between clones.
        let plain = text.replacingOccurrences(of: Self.corpus(""), with: "Tests/Corpus/")
        try Snapshot.expect(plain, matches: "decide-\(name)")
    }

    @Test func decidePairs() throws {
        func calibrations(_ names: String...) -> [String] {
            names.map { Self.corpus("calibrations/7aaa799-\($0).json") }
        }
        let text = try report(
            ["decide", "--device"] + calibrations("board", "plain") + ["--server"]
                + calibrations("board", "sweep", "plain")
                + ["--link", "up=20mbit,down=80mbit,rtt=20ms", "up=5mbit,down=20mbit,rtt=60ms"]
                + ["--device-memory", "1gib", "4gib", "--out", "decisions.json"])
        try Snapshot.expect(
            text.replacingOccurrences(of: Self.corpus(""), with: "Tests/Corpus/"), matches: "decide-pairs")
    }

    @Test func simulate() throws {
        let text = try report([
            "simulate", "--scenario", Self.corpus("scenarios/five-devices.json"), "--rounds", "3", "--seeds", "3",
            "--front", "3", "--state", "mixed", "--out", "result.json", "--csv", "rounds.csv",
        ])
        try Snapshot.expect(text, matches: "simulate-five-devices")
    }
}
