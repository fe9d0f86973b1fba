import Glibc
import Synchronization

/// The process whose work a run measures: this one, or a program that it started.
package final class ObservedProcess: Sendable {
    /// `nil` for this process.
    package let number: pid_t?
    private let clock: clockid_t
    private let lastSeconds = Mutex(0.0)

    package static let own = ObservedProcess()

    private init() {
        number = nil
        clock = CLOCK_PROCESS_CPUTIME_ID
    }

    /// - Throws: ``KerfError/Code/notFound`` where there is no such process.
    package init(_ number: pid_t) throws(KerfError) {
        var clock = clockid_t()
        guard number > 0, clock_getcpuclockid(number, &clock) == 0 else {
            throw KerfError(.notFound, "there is no process \(number) to measure")
        }
        self.number = number
        self.clock = clock
    }

    /// Its folder in `/proc`.
    package var folder: String { number.map(String.init) ?? "self" }

    /// The number by which other processes know it.
    package var publicNumber: pid_t { number ?? getpid() }

    /// Processor time that it has used, user and system, all threads, in seconds; the last that was known once it has ended.
    ///
    /// The kernel updates the time of another process's running thread at its ticks. At rest it is exact.
    package func cpuSeconds() -> Double {
        guard number != nil else { return processCPUSeconds() }
        var time = timespec()
        let isKnown = clock_gettime(clock, &time) == 0
        return lastSeconds.withLock { last in
            if isKnown { last = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9 }
            return last
        }
    }

    /// Page faults for which memory had to be read from disk.
    package func majorFaults() -> Int? {
        guard number == nil else { return ProcessStat(of: publicNumber)?.majorFaults }
        var usage = rusage()
        return getrusage(.init(RUSAGE_SELF.rawValue), &usage) == 0 ? Int(usage.ru_majflt) : nil
    }
}
