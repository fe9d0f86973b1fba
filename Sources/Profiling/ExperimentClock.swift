import Glibc
import SystemIO

/// The time an experiment runs in: the machine's, or a simulated one in tests.
package protocol ExperimentClock {
    func now() -> MonotonicInstant
    /// Processor time used so far by all threads of the measured process, in seconds.
    func cpuSeconds() -> Double
    /// The processor clocks of the process's threads, to be flushed before ``cpuSeconds()`` is read; `nil` where that is
    /// never stale.
    func threadCPUClocks() -> ThreadCPUClocks?
    /// Waits with the processor at rest.
    func sleep(seconds: Double)
}

extension ExperimentClock {
    package func threadCPUClocks() -> ThreadCPUClocks? { nil }
}

/// The machine's own clocks.
package struct SystemClock: ExperimentClock {
    package init() {}

    package func now() -> MonotonicInstant { .now() }
    package func cpuSeconds() -> Double { processCPUSeconds() }
    package func threadCPUClocks() -> ThreadCPUClocks? { ThreadCPUClocks() }

    package func sleep(seconds: Double) {
        var left = timespec(
            tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
        // A signal ends the sleep early; `left` then holds what remains.
        withUnsafeMutablePointer(to: &left) { left in
            _ = try? valueOrErrno { nanosleep(left, left) }
        }
    }
}
