import Glibc
import SystemIO

extension VirtualBoard {
    /// Keeps the tree up to date until `shouldStop` says so, which is asked at every update.
    ///
    /// Updates are due at fixed times of the monotonic clock; one that is missed is skipped. The clocks are read back
    /// to back and then all counters written, so that the energy on show belongs to one moment.
    ///
    /// While it runs the marker names this process. On return, and when it throws, the marker stays without it and the
    /// tree with its last values: it says `simulated` for ever and is not served.
    ///
    /// - Parameters:
    ///   - pid: the process measured first; others follow by ``register(pid:in:)``. One that does not exist is refused.
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
        // Nothing can be done about a marker that cannot be written any more; the lock tells the same.
        defer { try? Self.marker(settings, pid: nil, root: root).write() }

        let interval = max(1, Int64(intervalSeconds * 1e9))
        var due = start.nanoseconds
        while !shouldStop() {
            due += interval
            let now = MonotonicInstant.now().nanoseconds
            if due <= now { due = now - (now - start.nanoseconds) % interval + interval }
            Self.sleep(until: due)
            process.sample(registeredPID())
            let elapsed = MonotonicInstant.now().seconds(since: start)
            try advance(to: elapsed, processCPUSeconds: process.totalSeconds)
        }
    }

    /// Asks the kernel to run this process before others: it shares the processors with the threads it measures, and
    /// its late updates are their stale counters. Without the privilege nothing happens.
    package static func raisePriority() { setpriority(.init(PRIO_PROCESS.rawValue), 0, -10) }

    private func registeredPID() -> Int32 {
        guard let pid = try? tree.measuredPID.counter() else { return 0 }
        return Int32(clamping: pid)
    }

    private static func sleep(until nanoseconds: Int64) {
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        // A signal ends it early; then the loop asks whether to stop.
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
    }
}
