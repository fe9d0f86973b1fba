import CPtrace
import Glibc
import SystemIO
import SystemPackage

extension VirtualBoard {
    /// Keeps the tree up to date, and the measured process at the tree's frequency, until `shouldStop`, called at every
    /// update, returns true.
    ///
    /// Updates are due at fixed times of the monotonic clock; a missed one is skipped. The clocks are read back to back
    /// before all counters are written, so that the counters belong to one moment.
    ///
    /// At a frequency below the highest one the process is held for a share of the time, see ``DutyCycle``. Where the system
    /// forbids that, the frequency stays the highest one, and the policy's limits lose their write permission.
    ///
    /// While it runs the marker names this process. Afterwards the tree keeps its marker and last values: it is still
    /// `simulated`, but not served.
    ///
    /// - Parameters:
    ///   - pid: the first measured process; others follow by ``register(pid:in:)``. It must exist.
    ///   - intervalSeconds: time between updates; RAPL's is about a millisecond.
    package func serve(
        measuring pid: Int32? = nil, intervalSeconds: Double = 1e-3, until shouldStop: () -> Bool
    ) throws(KerfError) {
        if let pid {
            try Self.requireProcess(pid, in: root)
            try Self.write(pid: pid, in: root)
        }
        var process = MeasuredProcess()
        process.sample(registeredPID())
        let start = MonotonicInstant.now()
        try Self.marker(settings, pid: getpid(), root: root).write()
        // A failure to write the marker is ignored: the lock shows that the board is not served.
        defer { try? Self.marker(settings, pid: nil, root: root).write() }

        var slowed = SlowedProcess()
        let interval = max(1, Int64(intervalSeconds * 1e9))
        var due = start.nanoseconds + interval
        while !shouldStop() {
            if slowed.isActive {
                slowed.sleep(until: MonotonicInstant(nanoseconds: due))
            } else {
                Self.sleep(until: due)
            }
            let pid = registeredPID()
            slowed.update(pid, slowdown: slowdown)
            let now = MonotonicInstant.now().nanoseconds
            guard now >= due else { continue }
            due += interval
            if due <= now { due = now - (now - start.nanoseconds) % interval + interval }
            isSlowingPossible = slowed.refusal == nil
            process.sample(pid)
            let elapsed = MonotonicInstant.now().seconds(since: start)
            try advance(to: elapsed, processCPUSeconds: process.totalSeconds)
        }
    }

    /// Raises this process's priority: it shares the processors with the threads it measures, and late updates make counters
    /// stale. Without the privilege this has no effect.
    package static func raisePriority() { setpriority(.init(PRIO_PROCESS.rawValue), 0, -10) }

    /// Permits the process that serves a board to slow this one down, where the system asks for that (Yama).
    package static func permitSlowing(by server: Int32) { kerf_trace_permit(server) }

    private func registeredPID() -> Int32 {
        guard let pid = try? tree.measuredPID.counter() else { return 0 }
        return Int32(clamping: pid)
    }

    private static func sleep(until nanoseconds: Int64) {
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        // A signal ends the sleep early, and the loop then checks whether to stop.
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
    }
}
