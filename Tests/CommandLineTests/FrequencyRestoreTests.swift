import CPUFreq
import Foundation
import ProfileFormat
import SystemIO
import SystemPackage
import Testing

/// Policies whose limits cannot be written any more: their processors went offline, or the kernel refuses.
@Suite(.serialized) struct FrequencyRestoreTests {
    private static let second = "sys/devices/system/cpu/cpufreq/policy1"

    /// A board with a second policy under the userspace governor: its limits are written only when they are restored.
    private func board() throws -> ServedBoard {
        let board = try ServedBoard()
        try board.plant([
            "\(ServedBoard.policy)/affected_cpus": "0", "\(Self.second)/affected_cpus": "1",
            "\(Self.second)/related_cpus": "1", "\(Self.second)/scaling_governor": "userspace",
            "\(Self.second)/scaling_setspeed": "1200000", "\(Self.second)/scaling_min_freq": "600000",
            "\(Self.second)/scaling_max_freq": "1800000", "\(Self.second)/scaling_cur_freq": "1200000",
        ])
        return board
    }

    private func sweep(_ board: ServedBoard, _ environment: [String: String] = [:]) throws -> KerfProcess {
        try KerfProcess(
            [
                "profile", "--model", try board.workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", "0.3",
                "--sweep-budget", "2", "--frequencies", "2", "--board", board.workspace.path("board"), "--out",
                board.workspace.path("p.json"),
            ], environment: environment)
    }

    private func visits(_ board: ServedBoard) throws -> [FrequencyVisit] {
        let bytes = try [UInt8](board.workspace.bytes("p.json"))
        return try KerfJSON.decode(Profile.self, from: bytes, named: "p.json").frequencySweep?.visits ?? []
    }

    /// From the start, as with SMT switched off, and in the middle of the sweep, which continues with the others. The
    /// watchdog finds them online again.
    @Test(arguments: [false, true]) func offlineProcessorsAreSkipped(midway: Bool) throws {
        let board = try board()
        var environment = try FaultRun("busy", "policy1/", midway: false).environment
        if midway { environment["KERF_FAULT_SINCE"] = "kerf: sweeping" }
        let outcome = try sweep(board, environment).finish()
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let policies = try Set(visits(board).map { Set($0.policyHertz.keys) })
        #expect(policies == [midway ? ["policy0", "policy1"] : ["policy0"]])
        #expect(board.limits == ServedBoard.untouched)
        #expect(CPUFreqProbe(root: board.root).leftover() == nil)
    }

    /// The profile is written first. The record is kept, so that the limits can be restored later.
    @Test func theProfileIsWrittenEvenIfTheLimitsCannotBeRestored() throws {
        let board = try board()
        let run = try sweep(board)
        board.wait { board.limits != ServedBoard.untouched }
        // A directory cannot be written as a limit, neither by the run nor by its watchdog.
        let limit = board.workspace.url.appendingPathComponent("board/\(Self.second)/scaling_max_freq")
        try FileManager.default.removeItem(at: limit)
        try FileManager.default.createDirectory(at: limit, withIntermediateDirectories: false)
        let outcome = try run.finish()
        #expect(outcome.status != 0)
        let line = try #require(outcome.failureLine, "\(outcome.standardError)")
        #expect(line.contains("not restored") && line.contains("kerf restore-frequency --root"), "\(line)")
        #expect(try visits(board).count >= 2)
        #expect(outcome.standardOutput.contains("written: "))
        #expect(board.limits == ServedBoard.untouched, "the other policy's limits are restored")

        #expect(CPUFreqProbe(root: board.root).leftover() != nil)
        try FileManager.default.removeItem(at: limit)
        try board.plant(["\(Self.second)/scaling_max_freq": "900000"])
        let restored = try KerfProcess.run("restore-frequency", "--root", board.root.path.string)
        #expect(
            restored.status == 0 && restored.standardOutput.contains("limits restored"), "\(restored.standardError)")
        #expect(try SysfsFile.text(at: board.root.file("\(Self.second)/scaling_max_freq")) == "1800000")
        #expect(CPUFreqProbe(root: board.root).leftover() == nil)
    }

    /// The kernel applies limits in a work queue: what is read right after a write may still be the old value. It was taken
    /// for a failure, and a watchdog left the record of limits that were restored.
    @Test func limitsThatTakeEffectLaterAreRestored() throws {
        let board = try ServedBoard()
        try board.plant([
            "run/kerf/frequency-lease": "kerf-frequency-lease 4000000\n\(ServedBoard.policy) 800000 2600000 -\nend",
            "\(ServedBoard.policy)/scaling_max_freq": "1000000",
        ])
        let environment = try FaultRun("late", "policy0/scaling_", midway: false).environment
        let restored = try KerfProcess.run(
            "restore-frequency", "--root", board.root.path.string, environment: environment)
        #expect(
            restored.status == 0 && restored.standardOutput.contains("limits restored"), "\(restored.standardError)")
        #expect(board.limits == ServedBoard.untouched)
        #expect(try SysfsFile.text(at: board.root.file("run/kerf/frequency-lease")).isEmpty)
    }

    /// The watchdog tries again a limit that reads back differently from what was written.
    @Test func whatTheWatchdogRestoresIsNotAFailure() throws {
        let board = try board()
        var environment = try FaultRun("shorter", "policy1/scaling_max_freq").environment
        // The watchdog shows no progress, so that its reads do not fail.
        environment["KERF_FAULT_SINCE"] = "kerf: sweeping"
        let outcome = try sweep(board, environment).finish()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(try visits(board).count >= 2)
        #expect(CPUFreqProbe(root: board.root).leftover() == nil)
    }
}
