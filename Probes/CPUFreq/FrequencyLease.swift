import Glibc
import ProbeKit
import Synchronization
import SystemIO
import SystemPackage

/// Exclusive control of a box's frequency limits, which are always restored at its end.
///
/// The limits are recorded in a file first. Then a watchdog process waits on a pipe for the end of this process. Whether
/// this process returns, crashes or is killed, the watchdog restores what ``release()`` did not. When both are killed the
/// record stays: the doctor reports it, and the next lease or ``restoreLeftover(root:)`` restores the limits.
///
/// There is one lease at a time; a second one is refused.
package final class FrequencyLease: FrequencyControl {
    package let root: SystemRoot
    /// The policies at the time the lease was taken.
    package let policies: [CPUFreqPolicy]

    private let record: LeaseRecord
    private let before: [PolicySettings]
    private let watchdog: Mutex<Watchdog?>

    private struct Watchdog {
        var pid: pid_t
        /// The write end of the pipe on which the watchdog waits.
        var lifeline: FileDescriptor
    }

    private static let watchdogSeconds = 5.0

    /// - Parameter executable: the program whose hidden command ``FrequencyWatchdog/command`` calls
    ///   ``FrequencyWatchdog/run(root:)``.
    /// - Throws: ``KerfError``: ``KerfError/Code/notFound`` without cpufreq, ``KerfError/Code/permissionDenied`` when it
    ///   may not be written, ``KerfError/Code/inUse`` while another lease exists.
    package init(root: SystemRoot, executable: FilePath) throws(KerfError) {
        self.root = root
        if let reason = CPUFreqProbe(root: root).whyNotSettable() { throw reason }
        record = try LeaseRecord(root: root)
        // The limits that a killed run left must not be recorded as the owner's.
        try record.restore()
        (policies, before) = try Self.settings(root: root)
        try record.write(before)
        watchdog = Mutex(nil)
        do throws(KerfError) {
            let started = try Self.startWatchdog(executable, root: root, record: record)
            watchdog.withLock { $0 = started }
        } catch {
            // The first error is the one to report; a record that stays is found by the next run.
            try? record.clear()
            throw error
        }
    }

    // Only after an error that is reported already; the watchdog restores what this cannot.
    deinit { try? release() }

    package func set(_ setpoint: FrequencySetpoint) throws(KerfError) {
        guard let pid = watchdog.withLock({ $0?.pid }), ChildProcess.status(pid) == nil else {
            throw KerfError(
                .ioError, "the watchdog of the frequency limits has ended: nothing is changed without it",
                at: record.path)
        }
        for policy in policies {
            guard let hertz = setpoint.policyHertz[policy.name] else { continue }
            try policy.set(hertz: hertz)
        }
    }

    /// Restores all limits and keeps the lease.
    package func reset() throws(KerfError) {
        try before.restore(root: root)
    }

    /// Restores the limits and ends the watchdog. A second call does nothing.
    ///
    /// - Throws: ``KerfError`` when neither this process nor the watchdog could restore them. The record then stays for
    ///   ``restoreLeftover(root:)``.
    package func release() throws(KerfError) {
        let watchdog = self.watchdog.withLock { watchdog in
            defer { watchdog = nil }
            return watchdog
        }
        guard let watchdog else { return }
        var failure: KerfError?
        do throws(KerfError) { try record.restore() } catch { failure = error }
        // The watchdog tries once more to restore what is still recorded.
        // Closing is the message; the watchdog sees the end of the pipe also where it fails. So with the pipe's ends below.
        try? watchdog.lifeline.close()
        ChildProcess.awaitEnd(of: watchdog.pid, within: Self.watchdogSeconds, pollMicroseconds: 1000)
        defer { record.unlock() }
        guard let failure, !record.isCleared else { return }
        throw KerfError(
            failure.code, "the frequency limits were not restored: \(failure.message)",
            at: failure.location.map { FilePath($0) },
            remedy: .all([failure.remedy, CPUFreqProbe(root: root).restoring].compactMap(\.self)))
    }

    /// Restores the limits of a lease whose process and watchdog were both killed.
    ///
    /// - Returns: whether there was anything to restore.
    package static func restoreLeftover(root: SystemRoot) throws(KerfError) -> Bool {
        guard LeaseRecord.inspect(root: root) != nil else {
            try LeaseRecord.requireReadable(root: root)
            return false
        }
        return try LeaseRecord(root: root).restore()
    }

    /// The policies and their settings to restore, without those that go offline meanwhile.
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
        // Another child that inherited the pipe would make the watchdog wait for its end too.
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
}
