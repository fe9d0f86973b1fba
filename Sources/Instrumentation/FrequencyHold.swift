import CPUFreq
import ProbeKit
import Profiling
import Synchronization
import SystemIO
import SystemPackage

/// Sets the box's frequency for a time, again and again, under one lease.
///
/// The lease is taken with the first frequency, so that a run which never asks for one changes nothing.
package final class FrequencyHold: Sendable {
    private let root: SystemRoot
    private let lease = Mutex<FrequencyLease?>(nil)

    /// - Throws: ``KerfError`` with the reason where the frequency cannot be set.
    package init(root: SystemRoot) throws(KerfError) {
        if let reason = CPUFreqProbe(root: root).whyNotSettable() { throw reason }
        self.root = root
    }

    /// Sets a frequency of the fastest policy, and the others at the same ratio; returns when it has settled.
    ///
    /// - Returns: the frequency that the driver offers nearest to it, in hertz.
    /// - Throws: ``KerfError``: there is no such frequency, or it cannot be set.
    package func set(hertz: Double) throws(KerfError) -> Double {
        let lease = try self.lease.withLock { lease throws(KerfError) -> FrequencyLease in
            if let lease { return lease }
            let taken = try FrequencyLease(root: root, executable: "/proc/self/exe")
            lease = taken
            return taken
        }
        let setpoint = try FrequencyChoice.setpoint(hertz: hertz, of: lease.policies)
        do throws(KerfError) {
            try lease.set(setpoint)
        } catch {
            // Some policies may have been set.
            do throws(KerfError) { try lease.reset() } catch let failure {
                throw KerfError(
                    error.code, "\(error.message); and the limits were not restored: \(failure.message)",
                    remedy: .all([error.remedy, failure.remedy].compactMap(\.self)))
            }
            throw error
        }
        SystemClock().sleep(seconds: FrequencySweepRun.settlingSeconds)
        return setpoint.hertz
    }

    /// Restores the limits, and keeps the lease.
    package func reset() throws(KerfError) {
        try lease.withLock { lease throws(KerfError) in try lease?.reset() }
    }

    /// Restores the limits and gives the lease back.
    package func release() throws(KerfError) {
        try lease.withLock { lease throws(KerfError) in
            try lease?.release()
            lease = nil
        }
    }
}
