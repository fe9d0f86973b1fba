import Foundation
import SystemIO
import SystemPackage
import Testing
import VirtualBoard

/// A process that a served board slows down is left alone whatever ends the board or the run.
@Suite(.serialized) struct BoardFrequencyTests {
    /// A process that computes without end.
    private final class Burner {
        let pid: pid_t

        init() throws { pid = try ChildProcess.start("/usr/bin/env", ["sh", "-c", "while :; do :; done"]) }

        deinit {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }

    /// The process that traces another; 0 for none.
    private static func tracer(of pid: pid_t) throws -> Int32 {
        let text = try SysfsFile.wholeText(at: FilePath("/proc/\(pid)/status"))
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("TracerPid:") })
        return try #require(Int32(line.dropFirst("TracerPid:".count).filter { !$0.isWhitespace }))
    }

    private static func computingSeconds(of pid: pid_t) throws -> Double {
        let text = try SysfsFile.text(at: FilePath("/proc/\(pid)/schedstat"))
        return Double(try #require(text.split(separator: " ").first.flatMap { Int($0) })) * 1e-9
    }

    /// Starts a board of its own on a process at the lowest frequency, sends the board a signal, and checks that the
    /// process is released.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL]) func endOfTheBoardLeavesNothingHeld(signal: Int32)
        throws
    {
        let board = try ServedBoard()
        let burner = try Burner()
        try VirtualBoard.register(pid: burner.pid, in: board.root)
        try SysfsFile.write("800000", to: board.root.file("\(ServedBoard.policy)/scaling_max_freq"))
        // The board first traces a process for a moment to see whether it may, so that one reading tells nothing.
        var readings = 0
        let isHeld = board.wait {
            readings = (try? Self.tracer(of: burner.pid)) == board.identifier ? readings + 1 : 0
            return readings == 10
        }
        try #require(isHeld)
        board.send(signal: signal)
        #expect(board.wait { (try? Self.tracer(of: burner.pid)) == 0 })
        let before = try Self.computingSeconds(of: burner.pid)
        #expect(board.wait { (try? Self.computingSeconds(of: burner.pid)).map { $0 > before + 0.05 } ?? false })
    }

    /// Whoever started a process can wait for it, whatever the board was about when it was killed.
    @Test func killedProcessesCanBeWaitedFor() throws {
        let board = try ServedBoard()
        try SysfsFile.write("800000", to: board.root.file("\(ServedBoard.policy)/scaling_max_freq"))
        for delay in 0..<20 {
            let burner = try Burner()
            try VirtualBoard.register(pid: burner.pid, in: board.root)
            try #require(board.wait { (try? Self.tracer(of: burner.pid)) == board.identifier })
            usleep(UInt32(50_000 + 400 * delay))
            kill(burner.pid, SIGKILL)
            try #require(board.wait { waitpid(burner.pid, nil, WNOHANG) != 0 })
        }
    }

    /// A run that ends, by itself or by a signal, ends while the board slows it down.
    @Test(arguments: [SIGINT, SIGTERM, SIGKILL]) func slowedRunsEnd(signal: Int32) throws {
        let board = try ServedBoard()
        let run = try board.startSweep()
        #expect(board.wait { (try? Self.tracer(of: run.identifier)) == board.identifier })
        run.send(signal: signal)
        _ = try run.finish()
        #expect(board.waitForLimits())
        // The board measures the next process.
        let next = try Burner()
        try VirtualBoard.register(pid: next.pid, in: board.root)
    }
}
