import Glibc
import SystemPackage

/// The CPU clocks of all threads of this process.
///
/// The kernel updates a running thread's CPU time at its ticks, every 1 to 10 ms, and when its own process reads that
/// thread's clock. Another process that reads the time (a virtual board), and the clock of the whole process, are up to a
/// tick behind. After ``flush()`` they are current to the microsecond.
package struct ThreadCPUClocks {
    private let clocks: [clockid_t]

    /// Finds the threads that exist now, which takes about 20 µs.
    package init() {
        clocks = SystemRoot().names(in: "/proc/self/task").compactMap { Int32($0) }.map(Self.clock)
    }

    /// Makes the kernel update the CPU time of every thread, by one system call each.
    package func flush() {
        var time = timespec()
        for clock in clocks { clock_gettime(clock, &time) }
    }

    /// The CPU clock of a thread (include/linux/posix-timers.h: the inverted thread number in the upper bits, a bit for
    /// per-thread clocks, and the scheduler's clock type).
    private static func clock(ofThread number: Int32) -> clockid_t { (~number << 3) | 4 | 2 }
}
