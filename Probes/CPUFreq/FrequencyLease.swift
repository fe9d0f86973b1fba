public import ProbeKit
import Synchronization
public import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The right to set a box's clock, which always ends with the limits as they were.
///
/// What the policies allow is written down first. Then a watchdog, a process of its own, waits for the end of this one
/// on a pipe; however it comes (a return, a crash, SIGKILL), the watchdog gives back what ``release()`` did not. When
/// both are killed the record stays, `kerf doctor` tells of it, and the next lease or ``restoreLeftover(root:)`` gives
/// the limits back.
///
/// One lease at a time: a second one is refused.
public final class FrequencyLease: ClockControl {
    public let root: SystemRoot
    /// The policies as they were when the lease was taken.
    public let policies: [CPUFreqPolicy]

    private let record: LeaseRecord
    private let before: [PolicySettings]
    private let watchdog: Mutex<Watchdog?>

    private struct Watchdog {
        var pid: pid_t
        /// The watchdog waits for the end of this.
        var lifeline: FileDescriptor
    }

    private static let watchdogSeconds = 5.0

    /// - Parameter executable: the program whose hidden command ``FrequencyWatchdog/command`` calls
    ///   ``FrequencyWatchdog/run(root:)``.
    /// - Throws: ``ProbeError``: ``ProbeError/Code/vanished`` without cpufreq, ``ProbeError/Code/forbidden`` when it
    ///   may not be written, ``ProbeError/Code/occupied`` while another lease holds the clock.
    public init(root: SystemRoot, executable: FilePath) throws(ProbeError) {
        self.root = root
        if let reason = CPUFreqProbe(root: root).whyNotSettable() { throw reason }
        record = try LeaseRecord(root: root)
        // What a killed run left would otherwise be taken for what the owner of the box wants.
        try record.restore()
        (policies, before) = try Self.settings(root: root)
        try record.write(before)
        watchdog = Mutex(nil)
        do throws(ProbeError) {
            let started = try Self.startWatchdog(executable, root: root, record: record)
            watchdog.withLock { $0 = started }
        } catch {
            try? record.clear()
            throw error
        }
    }

    deinit { try? release() }

    public func set(_ step: ClockStep) throws(ProbeError) {
        guard let pid = watchdog.withLock({ $0?.pid }), ChildProcess.status(pid) == nil else {
            throw ProbeError(
                .failed, "the watchdog of the clock's limits has ended: nothing is changed without it",
                path: record.path)
        }
        for policy in policies {
            guard let hertz = step.policyHertz[policy.name] else { continue }
            try policy.set(hertz: hertz)
        }
    }

    /// Sets all limits as they were, and keeps the lease.
    public func reset() throws(ProbeError) {
        for policy in before { try policy.restore(root: root) }
    }

    /// Gives the limits back and ends the watchdog. A second call does nothing.
    ///
    /// - Throws: ``ProbeError`` when neither this process nor the watchdog could; the record then stays, for
    ///   ``restoreLeftover(root:)``.
    public func release() throws(ProbeError) {
        let watchdog = self.watchdog.withLock { watchdog in
            defer { watchdog = nil }
            return watchdog
        }
        guard let watchdog else { return }
        var failure: ProbeError?
        do throws(ProbeError) { try record.restore() } catch { failure = error }
        // What still stands in the record the watchdog tries once more.
        try? watchdog.lifeline.close()
        Self.wait(for: watchdog.pid)
        defer { record.unlock() }
        guard let failure, !record.isCleared else { return }
        throw ProbeError(
            failure.code, "the clock's limits were not given back: \(failure.message)", path: failure.path,
            remedy: (failure.remedy.map { "\($0); " } ?? "") + CPUFreqProbe(root: root).restoring)
    }

    /// Gives back what a lease left whose process and watchdog were both killed.
    ///
    /// - Returns: whether there was something.
    public static func restoreLeftover(root: SystemRoot) throws(ProbeError) -> Bool {
        guard LeaseRecord.look(root: root) != nil else {
            try LeaseRecord.requireReadable(root: root)
            return false
        }
        return try LeaseRecord(root: root).restore()
    }

    /// The policies and what is to be given back of each, without those that go off line meanwhile.
    private static func settings(root: SystemRoot) throws(ProbeError) -> ([CPUFreqPolicy], [PolicySettings]) {
        var (policies, settings): ([CPUFreqPolicy], [PolicySettings]) = ([], [])
        for policy in CPUFreqProbe(root: root).policies() {
            do throws(ProbeError) {
                settings.append(try PolicySettings(policy, root: root))
                policies.append(policy)
            } catch {
                guard CPUFreqPolicy.isOffline(policy.directory) else { throw error }
            }
        }
        return (policies, settings)
    }

    private static func startWatchdog(
        _ executable: FilePath, root: SystemRoot, record: LeaseRecord
    ) throws(ProbeError) -> Watchdog {
        let output: FileDescriptor
        let input: FileDescriptor
        do {
            (output, input) = try FileDescriptor.pipe()
        } catch {
            throw ProbeError(.failed, "cannot make a pipe: \(error)")
        }
        // Another child that held the pipe open would make the watchdog wait for its end too.
        for end in [output, input] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        defer { try? output.close() }
        do throws(ProbeError) {
            let pid = try ChildProcess.start(
                executable, [FrequencyWatchdog.command, "--root", root.path.string],
                inheriting: [
                    .init(output, as: STDIN_FILENO), .init(record.descriptor, as: FrequencyWatchdog.recordDescriptor),
                ])
            return Watchdog(pid: pid, lifeline: input)
        } catch {
            try? input.close()
            throw error
        }
    }

    private static func wait(for pid: pid_t) {
        let start = MonotonicInstant.now()
        while ChildProcess.status(pid) == nil {
            guard MonotonicInstant.now().seconds(since: start) < watchdogSeconds else {
                // It may be stopped; there is nothing left for it to do.
                kill(pid, SIGKILL)
                while waitpid(pid, nil, 0) < 0 && errno == EINTR {}
                return
            }
            usleep(1000)
        }
    }
}
