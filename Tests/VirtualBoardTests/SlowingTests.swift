import CPUFreq
import Glibc
import ProbeKit
import SystemIO
import SystemPackage
import TestSupport
import Testing
import VirtualBoard

/// Real processes at the board's frequency.
///
/// A busy machine can only make a process slower than it should be. So nothing here compares with less than a bound, but
/// waits for what must come.
@Suite(.serialized) struct SlowingTests {
    private static let limit = "sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"
    private static let current = "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq"
    private static let endless = ["sh", "-c", "while :; do :; done"]

    /// What the scheduler has counted of a process's first thread: seconds of running, and how often it got a processor.
    private static func times(of pid: pid_t) throws -> (seconds: Double, count: Int) {
        let text = try SysfsFile.text(at: FilePath("/proc/\(pid)/schedstat"))
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        try #require(numbers.count == 3, "\(text)")
        return (Double(numbers[0]) * 1e-9, numbers[2])
    }

    private static func status(_ key: String, of pid: pid_t) throws -> String {
        let text = try SysfsFile.wholeText(at: FilePath("/proc/\(pid)/status"))
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(key + ":") })
        return String(line.dropFirst(key.count + 1).filter { !$0.isWhitespace })
    }

    private static func isTraced(_ pid: pid_t) throws -> Bool { try status("TracerPid", of: pid) != "0" }

    /// Waits for what must come, however slow the machine.
    private static func wait(_ condition: () throws -> Bool) throws {
        let start = MonotonicInstant.now()
        while try !condition() {
            try #require(MonotonicInstant.now().seconds(since: start) < 60)
            usleep(1000)
        }
    }

    private static func set(_ kilohertz: Int, in root: SystemRoot) throws {
        try SysfsFile.write("\(kilohertz)", to: root.file(limit))
    }

    /// Sets a frequency and waits until the board enforces it.
    private static func set(_ kilohertz: Int, for pid: pid_t, in root: SystemRoot) throws {
        try set(kilohertz, in: root)
        try wait { try SysfsFile.integer(at: root.file(current)) == kilohertz }
        try wait { try isTraced(pid) == (kilohertz < 2_600_000) }
    }

    /// Waits until a process has computed for a while.
    private static func waitForComputing(_ pid: pid_t) throws {
        let before = try times(of: pid)
        try wait { try times(of: pid).seconds > before.seconds + 0.05 }
    }

    /// In the long run a process gets no more processor time than the share of the frequencies, and it gets some.
    @Test(arguments: [800_000, 1_400_000, 2_200_000]) func busyProcessGetsItsShare(kilohertz: Int) throws {
        let place = try FixtureTree()
        let process = try OtherProcess(Self.endless)
        try ServedBoard.run(place.path, measuring: process.pid) { root in
            try Self.set(kilohertz, for: process.pid, in: root)
            let wanted = Double(kilohertz) / 2_600_000
            let (start, before) = (MonotonicInstant.now(), try Self.times(of: process.pid))
            try Self.wait {
                let seconds = MonotonicInstant.now().seconds(since: start)
                let share = (try Self.times(of: process.pid).seconds - before.seconds) / seconds
                return seconds > 1 && share < 1.03 * wanted
            }
            try Self.waitForComputing(process.pid)
            // At full speed nothing is traced and nothing is held.
            try Self.set(2_600_000, for: process.pid, in: root)
            try Self.waitForComputing(process.pid)
        }
    }

    /// A process that sleeps is traced and never woken.
    @Test func idleProcessIsLeftAlone() throws {
        let place = try FixtureTree()
        let process = try OtherProcess()
        try ServedBoard.run(place.path, measuring: process.pid) { root in
            try Self.set(800_000, for: process.pid, in: root)
            // On a busy box it may still be starting.
            try Self.wait { try Self.status("State", of: process.pid).hasPrefix("S") }
            let before = try Self.times(of: process.pid)
            usleep(200_000)
            #expect(try Self.times(of: process.pid).count == before.count)
        }
        #expect(try !Self.isTraced(process.pid))
    }

    /// Signals reach a slowed process: one that it handles, one that stops it and one that ends it.
    @Test func signalsAreDelivered() throws {
        let place = try FixtureTree()
        let (ready, caught) = (place.file("ready").string, place.file("caught").string)
        let process = try OtherProcess([
            "sh", "-c", "trap 'echo > \(caught)' USR1; echo > \(ready); while :; do :; done",
        ])
        try Self.wait { access(ready, F_OK) == 0 }
        try ServedBoard.run(place.file("board"), measuring: process.pid) { root in
            try Self.set(800_000, for: process.pid, in: root)
            kill(process.pid, SIGUSR1)
            try Self.wait { access(caught, F_OK) == 0 }
            // A stopped job stays stopped until it is continued.
            kill(process.pid, SIGSTOP)
            var stopped = try Self.times(of: process.pid)
            try Self.wait {
                // Longer than any hold.
                usleep(useconds_t(2 * DutyCycle.maximumOwedSeconds * 1e6))
                let before = stopped
                stopped = try Self.times(of: process.pid)
                return stopped.count == before.count
            }
            kill(process.pid, SIGCONT)
            try Self.wait { try Self.times(of: process.pid).count > stopped.count }
            process.end()
        }
    }

    /// Whatever ends the board ends the thread that traces: the process then runs at full speed.
    @Test func endOfTheBoardReleasesTheProcess() throws {
        let place = try FixtureTree()
        let process = try OtherProcess(Self.endless)
        try ServedBoard.run(place.path, measuring: process.pid) { root in
            try Self.set(800_000, for: process.pid, in: root)
        }
        #expect(try !Self.isTraced(process.pid))
        try Self.waitForComputing(process.pid)
    }

    /// A board in the measured process itself may not trace it: the frequency then stays the highest one, and the policy
    /// says that it cannot be set.
    @Test func frequencyThatCannotBeEnforcedIsNotStated() throws {
        let place = try FixtureTree()
        try ServedBoard.run(place.path, measuring: getpid()) { root in
            try Self.wait { CPUFreqProbe(root: root).policies().first?.isSettable == false }
            #expect(CPUFreqProbe(root: root).whyNotSettable()?.code == .permissionDenied)
            chmod(root.file(Self.limit).string, 0o644)
            try Self.set(800_000, in: root)
            usleep(50_000)
            #expect(CPUFreqProbe(root: root).policies().first?.currentHertz == 2.6e9)
            // Another process can be slowed down.
            let other = try OtherProcess()
            VirtualBoard.unregister(pid: getpid(), in: root)
            try VirtualBoard.register(pid: other.pid, in: root)
            try Self.wait { CPUFreqProbe(root: root).policies().first?.currentHertz == 8e8 }
            #expect(CPUFreqProbe(root: root).policies().first?.isSettable == true)
        }
    }
}
