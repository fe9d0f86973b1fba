import Glibc
import ProbeKit
import Synchronization
import SystemIO
import SystemPackage

/// The right to set a box's clock, which always ends with the limits as they were.
///
/// What the policies allow is written down first. Then a watchdog, a process of its own, waits for the end of this one
/// on a pipe; however it comes (a return, a crash, SIGKILL), the watchdog gives back what ``release()`` did not. When
/// both are killed the record stays, `kerf doctor` tells of it, and the next lease or ``restoreLeftover(root:)`` gives
/// the limits back.
///
/// One lease at a time: a second one is refused.
package final class FrequencyLease: FrequencyControl {
    package let root: SystemRoot
    /// The policies as they were when the lease was taken.
    package let policies: [CPUFreqPolicy]

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
    /// - Throws: ``KerfError``: ``KerfError/Code/notFound`` without cpufreq, ``KerfError/Code/permissionDenied`` when it
    ///   may not be written, ``KerfError/Code/inUse`` while another lease holds the clock.
    package init(root: SystemRoot, executable: FilePath) throws(KerfError) {
        self.root = root
        if let reason = CPUFreqProbe(root: root).whyNotSettable() { throw reason }
        record = try LeaseRecord(root: root)
        // What a killed run left would otherwise be taken for what the owner of the box wants.
        try record.restore()
        (policies, before) = try Self.settings(root: root)
        try record.write(before)
        watchdog = Mutex(nil)
        do throws(KerfError) {
            let started = try Self.startWatchdog(executable, root: root, record: record)
            watchdog.withLock { $0 = started }
        } catch {
            try? record.clear()
            throw error
        }
    }

    deinit { try? release() }

    package func set(_ step: FrequencySetpoint) throws(KerfError) {
        guard let pid = watchdog.withLock({ $0?.pid }), ChildProcess.status(pid) == nil else {
            throw KerfError(
                .ioError, "the watchdog of the clock's limits has ended: nothing is changed without it",
                at: record.path)
        }
        for policy in policies {
            guard let hertz = step.policyHertz[policy.name] else { continue }
            try policy.set(hertz: hertz)
        }
    }

    /// Sets all limits as they were, and keeps the lease.
    package func reset() throws(KerfError) {
        for policy in before { try policy.restore(root: root) }
    }

    /// Gives the limits back and ends the watchdog. A second call does nothing.
    ///
    /// - Throws: ``KerfError`` when neither this process nor the watchdog could; the record then stays, for
    ///   ``restoreLeftover(root:)``.
    package func release() throws(KerfError) {
        let watchdog = self.watchdog.withLock { watchdog in
            defer { watchdog = nil }
            return watchdog
        }
        guard let watchdog else { return }
        var failure: KerfError?
        do throws(KerfError) { try record.restore() } catch { failure = error }
        // What still stands in the record the watchdog tries once more.
        try? watchdog.lifeline.close()
        Self.wait(for: watchdog.pid)
        defer { record.unlock() }
        guard let failure, !record.isCleared else { return }
        throw KerfError(
            failure.code, "the clock's limits were not given back: \(failure.message)",
            at: failure.location.map { FilePath($0) },
            remedy: .text((failure.remedy.map { "\($0); " } ?? "") + CPUFreqProbe(root: root).restoring))
    }

    /// Gives back what a lease left whose process and watchdog were both killed.
    ///
    /// - Returns: whether there was something.
    package static func restoreLeftover(root: SystemRoot) throws(KerfError) -> Bool {
        guard LeaseRecord.look(root: root) != nil else {
            try LeaseRecord.requireReadable(root: root)
            return false
        }
        return try LeaseRecord(root: root).restore()
    }

    /// The policies and what is to be given back of each, without those that go off line meanwhile.
    private static func settings(root: SystemRoot) throws(KerfError) -> ([CPUFreqPolicy], [PolicySettings]) {
        var (policies, settings): ([CPUFreqPolicy], [PolicySettings]) = ([], [])
        for policy in CPUFreqProbe(root: root).policies() {
            do throws(KerfError) {
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
    ) throws(KerfError) -> Watchdog {
        let output: FileDescriptor
        let input: FileDescriptor
        do {
            (output, input) = try FileDescriptor.pipe()
        } catch {
            throw KerfError(.ioError, "cannot make a pipe: \(error)")
        }
        // Another child that held the pipe open would make the watchdog wait for its end too.
        for end in [output, input] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        defer { try? output.close() }
        do throws(KerfError) {
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
