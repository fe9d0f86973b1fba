import Glibc

/// A moment of `CLOCK_MONOTONIC`, in nanoseconds since an unspecified start.
package struct MonotonicInstant: Sendable, Hashable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func now() -> MonotonicInstant {
        MonotonicInstant(nanoseconds: clockNanoseconds(CLOCK_MONOTONIC))
    }

    package static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Seconds from `start` to this instant.
    package func seconds(since start: MonotonicInstant) -> Double {
        Double(nanoseconds - start.nanoseconds) * 1e-9
    }
}

/// Processor time that this process has used, user and system, all threads, in seconds.
package func processCPUSeconds() -> Double {
    Double(clockNanoseconds(CLOCK_PROCESS_CPUTIME_ID)) * 1e-9
}

/// Processor time that the calling thread has used, in seconds.
package func threadCPUSeconds() -> Double {
    Double(clockNanoseconds(CLOCK_THREAD_CPUTIME_ID)) * 1e-9
}

private func clockNanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
