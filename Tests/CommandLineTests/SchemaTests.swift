import Foundation
import TestSupport
import Testing

/// What the commands write is what the shipped schemas say.
@Suite(.requires(.jsonschema)) struct SchemaTests {
    @Test func doctorAndBoard() throws {
        let workspace = try Workspace()
        let board = try KerfProcess(["board", "--root", workspace.path("board"), "--quiet"])
        defer {
            // Not SIGTERM: a child of a test's thread may have inherited it blocked, and would be waited for for ever.
            board.send(signal: SIGKILL)
            _ = try? board.finish()
        }
        let marker = "board/kerf/board.json"
        let deadline = Date().addingTimeInterval(60)
        while !workspace.exists(marker), Date() < deadline { Thread.sleep(forTimeInterval: 0.05) }
        let bytes = [UInt8](try workspace.bytes(marker))
        #expect(try SchemaChecker.faults(in: bytes, schema: "board").isEmpty)
        #expect(
            !(try SchemaChecker.faults(
                in: bytes, changing: "\"simulated\"", to: "\"measured\"", schema: "board"
            ).isEmpty))
        for arguments in [["doctor", "--json"], ["doctor", "--json", "--root", workspace.path("board")]] {
            let doctor = try KerfProcess(arguments).finish()
            let report = Array(doctor.standardOutput.utf8)
            #expect(try SchemaChecker.faults(in: report, schema: "doctor") == [])
            #expect(
                !(try SchemaChecker.faults(
                    in: report, changing: "\"probes\"", to: "\"prods\"", schema: "doctor"
                ).isEmpty))
        }
        let captured = try KerfProcess.run(
            "capture", "--json", "--root", workspace.path("board"), "--out", workspace.path("box.tar"))
        #expect(try SchemaChecker.faults(in: Array(captured.standardOutput.utf8), schema: "capture") == [])
    }

    /// Every fixture box, by the doctor and by the manifest of its capture.
    @Test(arguments: FixtureBoxes.names) func fixtureBoxes(name: String) throws {
        let workspace = try Workspace()
        let root = try FixtureBoxes.path(name)
        let doctor = try KerfProcess.run("doctor", "--json", "--root", root)
        #expect(try SchemaChecker.faults(in: Array(doctor.standardOutput.utf8), schema: "doctor") == [])
        let captured = try KerfProcess.run("capture", "--json", "--root", root, "--out", workspace.path("box.tar"))
        #expect(captured.status == 0, "\(captured.standardError)")
        #expect(try SchemaChecker.faults(in: Array(captured.standardOutput.utf8), schema: "capture") == [])
    }

    @Test func profileCalibrationDecision() throws {
        let workspace = try Workspace()
        let file = { (name: String) in [UInt8](try workspace.bytes(name)) }
        let profiled = try KerfProcess.run(
            "profile", "--model", try workspace.tinyModel(), "--seq", "32", "--budget", "2", "--quiet", "--board",
            workspace.path("board"), "--out", workspace.path("profile.json"))
        #expect(profiled.status == 0, "\(profiled.standardError)")
        #expect(try SchemaChecker.faults(in: file("profile.json"), schema: "profile") == [])
        let calibrated = try KerfProcess.run(
            "calibrate", workspace.path("profile.json"), "--json", "--out", workspace.path("calibration.json"))
        #expect(calibrated.status == 0, "\(calibrated.standardError)")
        #expect(Array(calibrated.standardOutput.utf8) == (try file("calibration.json")))
        #expect(try SchemaChecker.faults(in: file("calibration.json"), schema: "calibration") == [])
        let calibration = workspace.path("calibration.json")
        for level in ["A", "B", "C", "D", "E"] {
            let decided = try KerfProcess.run(
                "decide", "--device", calibration, "--server", calibration, "--link", "up=20mbit,down=80mbit,rtt=20ms",
                "--level", level, "--server-power", "60", "--json", "--out", workspace.path("decision.json"))
            #expect(decided.status == 0, "\(decided.standardError)")
            #expect(Array(decided.standardOutput.utf8) == (try file("decision.json")))
            #expect(try SchemaChecker.faults(in: file("decision.json"), schema: "decision") == [])
        }
    }
}
