import Foundation
import ProfileFormat
import SystemIO
import TestSupport
import Testing

/// `kerf fleet` and folders in place of files, from outside.
struct FleetTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// Copies a file of the repository into a box's folder.
    private func copy(_ file: String, to path: String) throws {
        let place = workspace.url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Self.root.appendingPathComponent(file), to: place)
    }

    private func fleet() throws {
        try copy("docs/examples/device.json", to: "fleet/phone/calibration.json")
        try copy("docs/examples/server.json", to: "fleet/edge/calibration.json")
    }

    private func run(_ arguments: [String]) throws -> KerfProcess.Outcome {
        try KerfProcess(arguments, in: workspace.url.path).finish()
    }

    private static let link = ["--link", "up=1gbit,down=1gbit,rtt=2ms"]

    @Test func aFineFleetIsTwoTablesAndTheFileIsTheSame() throws {
        try fleet()
        let arguments = ["fleet", "fleet", "--server", "fleet/edge/calibration.json"] + Self.link
        let found = try run(arguments + ["--weight", "0.5", "--out", "fleet.json"])
        #expect(found.status == 0 && found.standardError.isEmpty, "\(found.standardError)")
        let lines = found.standardOutput.split(separator: "\n")
        #expect(lines.first == "SIMULATED: energies of edge, phone come from no meter")
        #expect(lines.dropFirst().first == "2 boxes: 2 fine")
        let phone = lines.filter { $0.hasPrefix("phone ") }
        #expect(phone.count == 2 && phone[1].contains(" of 12  "), "\(found.standardOutput)")
        #expect(found.standardOutput.contains("weight of delay 0.5"))
        #expect(found.standardOutput.hasSuffix("written: fleet.json\n"))
        let decided = try run(
            ["decide", "--device", "fleet/phone/calibration.json", "--server", "fleet/edge/calibration.json"]
                + Self.link
                + ["--weight", "0.5", "--out", "decision.json"])
        #expect(decided.status == 0, "\(decided.standardError)")
        let choice = try workspace.json("decision.json")["choice"] as? [String: Any]
        let boxes = try #require(try workspace.json("fleet.json")["boxes"] as? [[String: Any]])
        #expect(boxes.map { $0["name"] as? String } == ["edge", "phone"])
        #expect((boxes[1]["decision"] as? [String: Any])?["cut"] as? Int == choice?["cut"] as? Int)
        let printed = try run(arguments + ["--json"])
        #expect(printed.status == 0 && printed.standardOutput.contains("\"schema\" : \"kerf.fleet\""))
    }

    @Test func aFleetWithProblemsIsShownAndExitsWithThree() throws {
        try fleet()
        try copy("docs/examples/device.json", to: "fleet/pi/calibration.json")
        try workspace.write(
            "fleet/pi/status.json",
            #"{"schema": "kerf.collection", "schema_version": 1, "outcome": "failed", "step": "profile", "error": "a\nb", "time": "2026-12-01T00:00:00Z"}"#
        )
        try workspace.write("fleet/edge/cut.json", "{\"box\": {")
        try workspace.write("fleet/edge/notes.txt", "foreign")
        for arguments in [["fleet", "fleet"], ["fleet", "fleet", "--json"]] {
            let found = try run(arguments)
            #expect(found.status == 3, "\(found.standardError)")
            #expect(found.standardError == "kerf: 2 of 3 boxes have problems: edge, pi\n")
            #expect(found.standardOutput.contains("collecting failed at profile: b"))
            #expect(found.standardOutput.contains("fleet/edge/cut.json: not a Kerf file"))
            #expect(found.standardOutput.contains("1 file is not Kerf's and was skipped: notes.txt"))
        }
    }

    /// A report of the box's own doctor beside a calibration of another box.
    @Test func theDoctorsReportTellsThatTheBoxHasChanged() throws {
        try fleet()
        let report = try KerfProcess.run("doctor", "--json", "--root", try FixtureBoxes.path(FixtureBoxes.names[0]))
        try workspace.write("fleet/phone/doctor.json", report.standardOutput)
        let found = try run(["fleet", "fleet"])
        #expect(found.status == 3)
        #expect(
            found.standardOutput.contains("problem: phone: another box was calibrated: "), "\(found.standardOutput)")
    }

    @Test func whatIsNoFleetIsRefusedInOneLine() throws {
        try fleet()
        try FileManager.default.createDirectory(atPath: workspace.path("none"), withIntermediateDirectories: false)
        let cases: [(arguments: [String], status: Int32, words: String)] = [
            ([], 64, "Missing expected argument"), (["missing"], 66, "missing: no such folder"),
            (["none"], 66, "there is no folder of a box in it"), (["fleet/phone"], 66, "give the folder above it"),
            (["fleet/phone/calibration.json"], 66, "this is no folder"),
            (["fleet"] + Self.link, 64, "--link needs --server"),
            (["fleet", "--server", "missing.json"] + Self.link, 66, "missing.json: no such file"),
            (["fleet", "--server", "fleet/edge/calibration.json", "--link", "fast"], 64, "--link"),
            (
                ["fleet", "--server", "fleet/edge/calibration.json", "--weight", "2"] + Self.link, 64,
                "--weight must be"
            ),
            (["fleet", "--out", "fleet/phone/calibration.json"], 73, "would replace the input"),
            (["fleet", "--out", "no/such/folder.json"], 73, "its folder does not exist"),
        ]
        for (arguments, status, words) in cases {
            let found = try run(["fleet"] + arguments)
            #expect(found.status == status && found.failureLine != nil, "\(arguments): \(found.standardError)")
            #expect(found.standardError.contains(words), "\(arguments): \(found.standardError)")
            #expect(found.standardOutput.isEmpty)
        }
        #expect(workspace.names == ["fleet", "none"])
    }

    @Test func aViewMayBeWrittenBesideTheFoldersAgainAndAgain() throws {
        try fleet()
        for _ in 0..<2 {
            let found = try run(["fleet", "fleet", "--out", "fleet/fleet.json"])
            #expect(found.status == 0, "\(found.standardError)")
        }
        for arguments in [
            ["export", "fleet/fleet.json", "--csv", "tables"], ["report", "fleet/fleet.json", "--out", "a.html"],
        ] {
            let found = try run(arguments)
            #expect(found.status == 0, "\(found.standardError)")
        }
        #expect(workspace.exists("tables/boxes.csv") && workspace.exists("a.html"))
    }

    @Test func compareAndReportTakeTheFolder() throws {
        try fleet()
        try workspace.write("fleet/edge/cut.json", "{\"box\": {")
        let compared = try run(["compare", "fleet", "--baseline", "fleet/phone/calibration.json"])
        #expect(compared.status == 0, "\(compared.standardError)")
        #expect(compared.standardOutput.contains("fleet/edge/calibration.json is faster than"))
        #expect(compared.standardError.hasPrefix("kerf: skipped fleet/edge/cut.json: "), "\(compared.standardError)")
        #expect(try run(["compare", "fleet", "--baseline", "x.json"]).standardError.contains("is not among the files"))
        #expect(try run(["compare", "fleet/phone"]).status == 64)
        let reported = try run(["report", "fleet", "--out", "fleet.html"])
        #expect(reported.status == 0 && workspace.exists("fleet.html"), "\(reported.standardError)")
        #expect(reported.standardOutput.contains("Calibration fleet/phone/calibration.json"))
    }
}
