import Glibc

/// Processor time of the processes that a board measures, one after another.
///
/// A process counts from the first sample. When it ends, the time since the last update (a millisecond) is lost, and nothing
/// is added until another process is registered.
struct MeasuredProcess {
    /// The kernel's PID_MAX_LIMIT (include/linux/threads.h).
    private static let largestPID: Int32 = 4 << 20

    private var pid: Int32 = 0
    private var clock: clockid_t?
    private var lastNanoseconds: Int64 = 0
    /// Processor time of all processes measured so far, user and system, all threads.
    private(set) var totalSeconds = 0.0

    /// Adds what the process has used since the last call.
    ///
    /// - Parameter pid: the process registered now; 0 for none.
    mutating func sample(_ pid: Int32) {
        if pid != self.pid {
            self.pid = pid
            clock = Self.clock(of: pid)
            lastNanoseconds = clock.flatMap(Self.nanoseconds) ?? 0
            return
        }
        guard let clock else { return }
        guard let now = Self.nanoseconds(clock) else {
            self.clock = nil
            return
        }
        // A smaller value belongs to another process that reuses the number.
        if now > lastNanoseconds { totalSeconds += Double(now - lastNanoseconds) * 1e-9 }
        lastNanoseconds = now
    }

    /// Whether a process with this number runs, so that its processor time can be read.
    static func exists(_ pid: Int32) -> Bool { clock(of: pid).flatMap(nanoseconds) != nil }

    private static func clock(of pid: Int32) -> clockid_t? {
        // A larger number would be truncated in the clock id, which could then be this process's clock.
        guard (1...largestPID).contains(pid) else { return nil }
        var clock = clockid_t()
        return clock_getcpuclockid(pid, &clock) == 0 ? clock : nil
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64? {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return nil }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
