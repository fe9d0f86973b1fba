import CPUFreq
import Foundation
import SystemIO
import SystemPackage
import Testing

/// However a run ends in the middle of a frequency sweep of a virtual board, the limits are restored.
@Suite(.serialized) struct FrequencyCrashTests {
    /// Asked to end, killed without a warning, and the signal of a crash.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL, SIGSEGV]) func signals(_ signal: Int32) throws {
        let board = try ServedBoard()
        let run = try board.startSweep()
        #expect(board.limits != ServedBoard.untouched, "\(run.errorSoFar)")
        run.send(signal: signal)
        board.waitForLimits()
        try expectNothingLeft(of: run, on: board)
    }

    /// The program's own fault, in the thread that measures: a wild pointer, an abort, a failed precondition of Swift's.
    @Test(arguments: [("segfault", [SIGSEGV]), ("abort", [SIGABRT]), ("trap", [SIGILL, SIGTRAP])])
    func crashes(kind: String, signals: [Int32]) throws {
        let board = try ServedBoard()
        // The first sample of a visit is taken after the frequency was set.
        let run = try board.startSweep(fault: kind, "policy0/scaling_cur_freq")
        board.waitForLimits()
        let outcome = try expectNothingLeft(of: run, on: board)
        #expect(signals.contains(outcome.status), "ended with \(outcome.status): \(outcome.standardError)")
    }

    @Test func twoRunsAtOnceDoNotDisturbEachOther() throws {
        let board = try ServedBoard()
        let first = try board.startSweep()
        let limits = board.limits
        let second = try KerfProcess.run(
            "profile", "--model", try board.workspace.tinyModel(blocks: 1), "--seq", "16", "--budget", "0.2", "--quiet",
            "--frequencies", "all", "--board", board.workspace.path("board"), "--out", board.workspace.path("two.json"))
        #expect(second.status != 0 && second.failureLine != nil, "\(second.standardError)")
        #expect(second.failureLine?.contains("\(first.identifier)") == true, "\(second.standardError)")
        #expect(!board.workspace.exists("two.json"))
        #expect(limits != ServedBoard.untouched && board.limits != ServedBoard.untouched, "the first one sweeps on")
        first.send(signal: SIGTERM)
        board.waitForLimits()
        try expectNothingLeft(of: first, on: board)
    }

    /// Without its watchdog a run changes nothing more, restores what it changed and reports why.
    @Test func theRunOutlivesItsWatchdog() throws {
        let board = try ServedBoard()
        let run = try board.startSweep()
        kill(try #require(self.watchdog(of: run)), SIGKILL)
        board.waitForLimits()
        let outcome = try expectNothingLeft(of: run, on: board)
        #expect(outcome.status != 0 && outcome.failureLine?.contains("watchdog") == true, "\(outcome.standardError)")
    }

    /// Both killed: the record is kept, the doctor reports it, and one command restores the limits.
    @Test func bothKilledIsRestoredByHand() throws {
        let board = try ServedBoard()
        let run = try board.startSweep()
        let watchdog = try #require(self.watchdog(of: run))
        // Stopped first, it cannot give the limits back when it sees that its watchdog has gone.
        run.send(signal: SIGSTOP)
        kill(watchdog, SIGKILL)
        run.send(signal: SIGKILL)
        _ = try run.finish()
        let changed = board.limits
        #expect(changed != ServedBoard.untouched)
        let root = board.root.path.string
        #expect(try KerfProcess.run("doctor", "--root", root).standardOutput.contains("kerf restore-frequency --root"))
        #expect(board.limits == changed, "looking changes nothing")
        let restored = try KerfProcess.run("restore-frequency", "--root", root)
        #expect(
            restored.status == 0 && restored.standardOutput.contains("limits restored"), "\(restored.standardError)")
        #expect(board.limits == ServedBoard.untouched)
        #expect(CPUFreqProbe(root: board.root).leftover() == nil)
    }

    /// The limits are as they were, no profile was written, and no lease is left.
    @discardableResult
    private func expectNothingLeft(of run: KerfProcess, on board: ServedBoard) throws -> KerfProcess.Outcome {
        #expect(board.limits == ServedBoard.untouched)
        let outcome = try run.finish()
        #expect(!board.workspace.exists("profile.json"))
        board.wait { (try? SysfsFile.text(at: board.root.file("run/kerf/frequency-lease"))) == "" }
        #expect(CPUFreqProbe(root: board.root).leftover() == nil)
        return outcome
    }

    /// The run's child that is not a board.
    private func watchdog(of run: KerfProcess) -> Int32? {
        let children = try? String(
            contentsOfFile: "/proc/\(run.identifier)/task/\(run.identifier)/children", encoding: .utf8)
        return (children ?? "").split(separator: " ").compactMap { Int32($0) }.first { child in
            let command = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(child)/cmdline"))) ?? Data()
            return String(decoding: command, as: UTF8.self).contains(FrequencyWatchdog.command)
        }
    }
}
