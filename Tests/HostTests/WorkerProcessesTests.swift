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

    @Test("children and theirs are found, their time is counted, and it stays when they have ended")
    func countsDescendants() throws {
        let program = try start(Self.busy)
        let workers = WorkerProcesses(root: SystemRoot(), of: program.processIdentifier)
        #expect(wait { workers.cpuSeconds() > 0.2 })
        #expect(workers.numbers.count == 2 && !workers.numbers.contains(Int(program.processIdentifier)))
        for worker in workers.numbers { kill(pid_t(worker), SIGKILL) }
        program.waitUntilExit()
        let end = workers.cpuSeconds()
        #expect(end > 0.2 && workers.cpuSeconds() == end)
    }

    @Test("a program without children has none, nor has one that is gone")
    func none() throws {
        let program = try start("exec sleep 60")
        let workers = WorkerProcesses(root: SystemRoot(), of: program.processIdentifier)
        #expect(workers.cpuSeconds() == 0 && workers.numbers.isEmpty)
        // Its parent's thread blocks the others.
        kill(program.processIdentifier, SIGKILL)
        program.waitUntilExit()
        #expect(workers.cpuSeconds() == 0)
    }

    @Test("they are not among the processes that are named, and others are")
    func areNotNamed() throws {
        let tree = try FixtureTree()
        let program = try start(Self.busy)
        let workers = WorkerProcesses(root: SystemRoot(), of: program.processIdentifier)
        #expect(wait { workers.cpuSeconds() > 0 && workers.numbers.count == 2 })
        let names = workers.numbers
        for number in names.map(String.init) + ["999999"] {
            try tree.write(
                "proc/\(number)/stat", "\(number) (x) S 1 1 1 0 -1 4194304 9 0 0 0 900 0 0 0 20 0 1 0 5 4096 1 18446\n")
        }
        let reader = ProcessReader(root: tree.root) { workers.numbers.contains($0) }
        #expect(reader.samples(atUptime: 1000).map(\.identity.number) == [999_999])
        for worker in names { kill(pid_t(worker), SIGKILL) }
        program.waitUntilExit()
    }
}
