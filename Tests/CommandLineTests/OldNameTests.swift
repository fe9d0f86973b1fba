import Calibration
import Foundation
import SystemIO
import TestSupport
import Testing

/// Options and commands that were renamed: scripts with the old names still work, and no help shows them.
struct OldNameTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func decide(_ options: String...) throws -> Data {
        let calibration = try KerfJSON.encode(try Calibration.planted(SyntheticProfile()))
        let side = try workspace.write("side.json", String(decoding: calibration, as: UTF8.self))
        let outcome = try KerfProcess(
            [
                "decide", "--device", side, "--server", side, "--link", "up=1mbit,down=4mbit,rtt=20ms", "--out",
                workspace.path("decision.json"),
            ] + options
        ).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        return try workspace.bytes("decision.json")
    }

    @Test func decideTakesTheOldNamesOfLevelAndEnergyScope() throws {
        let new = try decide("--level", "B", "--energy-scope", "waiting")
        #expect(try decide("--rung", "B", "--count", "waiting") == new)  // retired-word-ok: alias
        #expect(try decide() != new)
    }

    @Test("of an old and a new name the last one holds, as of any option that is given twice")
    func lastOneHolds() throws {
        let new = try decide("--level", "B")
        #expect(try decide("--rung=A", "--level", "B") == new)  // retired-word-ok: alias
        #expect(try decide("--level", "A", "--rung", "B") == new)  // retired-word-ok: alias
    }

    @Test func simulateTakesTheOldNameOfLevel() throws {
        let runs = try [["--level", "B"], ["--rung", "B"], ["--level", "A"]].map { option in  // retired-word-ok: alias
            let outcome = try KerfProcess(["simulate", "--rounds", "2", "--seeds", "1", "--json"] + option).finish()
            #expect(outcome.status == 0, "\(outcome.standardError)")
            return outcome.standardOutput
        }
        #expect(runs[0] == runs[1] && runs[0] != runs[2])
    }

    @Test func restoreClockIsRestoreFrequency() throws {
        for command in ["restore-frequency", "restore-clock"] {  // retired-word-ok: alias
            let outcome = try KerfProcess.run(command, "--root", workspace.url.path)
            #expect(outcome.status == 0 && outcome.standardOutput == "nothing to restore\n", "\(outcome)")
        }
    }

    @Test(arguments: [
        ("decide", "--rung"), ("decide", "--count"), ("simulate", "--rung"),  // retired-word-ok: alias
        ("", "restore-clock"),  // retired-word-ok: alias
    ])
    func noHelpShowsThem(_ command: String, _ name: String) throws {
        let outcome = try KerfProcess(command.split(separator: " ").map(String.init) + ["--help"]).finish()
        #expect(outcome.status == 0 && !outcome.standardOutput.contains(name))
    }
}
