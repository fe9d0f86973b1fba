import Glibc
import SystemPackage

/// The processor clocks of all threads of this process.
///
/// The kernel accounts a running thread at its ticks, every 1 to 10 ms, and when somebody of its own process asks for
/// its time. What another process is told (a virtual board), and the sum that this process is told, are as old as the
/// last tick of each thread; after ``settle()`` they are right to the microsecond.
package struct ThreadCPUClocks {
    private let clocks: [clockid_t]

    /// Of the threads that there are now. Looking for them takes some 20 µs.
    package init() {
        clocks = SystemRoot().names(in: "/proc/self/task").compactMap { Int32($0) }.map(Self.clock)
    }

    /// Makes the kernel account every thread up to now: one system call a thread.
    package func flush() {
        var time = timespec()
        for clock in clocks { clock_gettime(clock, &time) }
    }

    /// The clock of a thread's processor time by the thread's number (include/linux/posix-timers.h: the number negated
    /// in the upper bits, a bit for a thread's clock, and the kind of clock that the scheduler keeps).
    private static func clock(ofThread number: Int32) -> clockid_t { (~number << 3) | 4 | 2 }
}
