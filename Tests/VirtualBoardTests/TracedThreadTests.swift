import Glibc
import SystemIO
import SystemPackage
import Testing

@testable import VirtualBoard

/// What is known of a traced thread while it is being killed.
@Suite struct TracedThreadTests {
    private static func state(of pid: pid_t) throws -> Character? {
        try SysfsFile.text(at: FilePath("/proc/\(pid)/stat")).split(separator: ")").last?.dropFirst().first
    }

    /// Waits for what must come, however slow the machine.
    private static func wait(_ condition: () throws -> Bool) throws {
        let start = MonotonicInstant.now()
        while try !condition() {
            try #require(MonotonicInstant.now().seconds(since: start) < 60)
            usleep(1000)
        }
    }

    /// The kernel refuses requests then, as it does for a thread that is not traced. Until the tracer has waited for it, its
    /// parent cannot.
    @Test(
        "a thread that was killed is waited for, whatever was asked of it before",
        arguments: ["resume", "stop", "detach"])
    func killed(request: String) throws {
        let process = try OtherProcess()
        let thread = try TracedThread(process.pid, of: process.pid)
        thread.stop()
        try Self.wait {
            thread.poll()
            return thread.isStopped
        }
        kill(process.pid, SIGKILL)
        try Self.wait { try Self.state(of: process.pid) == "Z" }
        switch request {
        case "resume": thread.resume()
        case "stop":
            thread.resume()
            thread.stop()
        default: thread.detach()
        }
        #expect(!thread.isGone)
        try Self.wait {
            thread.poll()
            return thread.isGone
        }
        #expect(access("/proc/\(process.pid)", F_OK) != 0, "nobody has to wait for it any more")
    }
}
