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

/// The machine's own clocks, and the processor time of a process.
package struct SystemClock: ExperimentClock {
    private let process: ObservedProcess

    package init(_ process: ObservedProcess = .own) { self.process = process }

    package func now() -> MonotonicInstant { .now() }
    package func cpuSeconds() -> Double { process.cpuSeconds() }

    /// Only a process itself can flush the clocks of its threads. Another one is at rest when its time is read.
    package func threadCPUClocks() -> ThreadCPUClocks? { process.number == nil ? ThreadCPUClocks() : nil }

    package func sleep(seconds: Double) {
        var left = timespec(
            tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
        // A signal ends the sleep early; `left` then holds what remains.
        withUnsafeMutablePointer(to: &left) { left in
            _ = try? valueOrErrno { nanosleep(left, left) }
        }
    }
}
