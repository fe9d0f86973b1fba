import Foundation
import Host
import ProbeKit
import SystemIO
import TestSupport
import Testing

@Suite("Workers of a measured program")
struct WorkerProcessesTests {
    private func start(_ script: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Two descendants, of which the second computes until it is killed, or has used a minute.
    private static let busy = "ulimit -t 60; sh -c '(while :; do :; done); :'; :"

    private func wait(_ isDone: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(120)
        while !isDone() {
            guard ContinuousClock.now < deadline else { return false }
            usleep(5_000)
        }
        return true
    }

    /// The number of the process that computes.
    private func computing(below program: pid_t) -> pid_t? {
        func child(_ parent: pid_t) -> pid_t? {
            let path = "/proc/\(parent)/task/\(parent)/children"
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return text.split(separator: " ").first.flatMap { pid_t($0) }
        }
        return child(program).flatMap(child)
    }

    @Test("children and theirs are found, their time is counted, and it stays when they have ended")
    func countsDescendants() throws {
        let program = try start("\(Self.busy); exec sleep 60")
        let workers = WorkerProcesses(root: SystemRoot(), of: program.processIdentifier)
        #expect(wait { workers.cpuSeconds() > 0.3 })
        kill(try #require(computing(below: program.processIdentifier)), SIGKILL)
        // The shell waits for it, and then its time is that of an ended child, in ticks.
        #expect(wait { computing(below: program.processIdentifier) == nil })
        let end = workers.cpuSeconds()
        #expect(end > 0.27 && abs(workers.cpuSeconds() - end) < 0.05)
        kill(program.processIdentifier, SIGKILL)
        program.waitUntilExit()
    }

    @Test("a program without children has none, nor has one that is gone")
    func none() throws {
        let program = try start("exec sleep 60")
        let workers = WorkerProcesses(root: SystemRoot(), of: program.processIdentifier)
        #expect(workers.cpuSeconds() == 0)
        // Its parent's thread blocks the others.
        kill(program.processIdentifier, SIGKILL)
        program.waitUntilExit()
        #expect(workers.cpuSeconds() == 0)
    }
}
