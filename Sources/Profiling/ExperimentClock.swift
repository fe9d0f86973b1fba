import Glibc
import SystemIO

/// The time an experiment runs in: the machine's, or a simulated one in tests.
package protocol ExperimentClock {
    func now() -> MonotonicInstant
    /// Processor time used so far by the measured process, all threads, in seconds.
    func cpuSeconds() -> Double
    /// The accounts of the process's threads as they are now, to be settled before its processor time is read; `nil`
    /// where that is never stale.
    func accounts() -> ThreadCPUClocks?
    /// Lets the time pass with the processor at rest.
    func sleep(seconds: Double)
}

extension ExperimentClock {
    package func accounts() -> ThreadCPUClocks? { nil }
}

/// The machine's own clocks.
package struct SystemClock: ExperimentClock {
    package init() {}

    package func now() -> MonotonicInstant { .now() }
    package func cpuSeconds() -> Double { processCPUSeconds() }
    package func accounts() -> ThreadCPUClocks? { ThreadCPUClocks() }

    package func sleep(seconds: Double) {
        var left = timespec(
            tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
        // A signal ends the sleep early; `left` then holds what remains.
        withUnsafeMutablePointer(to: &left) { left in
            _ = try? valueOrErrno { nanosleep(left, left) }
        }
    }
}
