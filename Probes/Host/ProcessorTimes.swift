import Glibc
import SystemIO
import SystemPackage

/// Seconds that all CPUs together have spent in each state since the start of the system.
///
/// Source: Documentation/filesystems/proc.rst, 1.7: the line `cpu` of /proc/stat, in ticks.
package struct ProcessorTimes: Sendable, Hashable {
    package var user: Double
    package var nice: Double
    package var system: Double
    package var idle: Double
    package var waiting: Double?
    package var interrupt: Double?
    package var softInterrupt: Double?
    /// Steal time: the hypervisor ran something else although a CPU was ready to run; `nil` when the kernel does not
    /// report it.
    package var steal: Double?

    /// Time in which a process or the kernel ran.
    package var busy: Double { user + nice + system + (interrupt ?? 0) + (softInterrupt ?? 0) }

    /// - Parameter text: the start of /proc/stat.
    /// - Throws: ``KerfError/Code/invalidReading``.
    init(parsing text: String, path: FilePath) throws(KerfError) {
        let line = text.split(separator: "\n", maxSplits: 1).first ?? ""
        let fields = line.split(separator: " ")
        let ticks = fields.dropFirst().map { UInt64($0) }
        guard fields.first == "cpu", ticks.count >= 4, ticks.allSatisfy({ $0 != nil }) else {
            throw KerfError(.invalidReading, "first line is not the times of all CPUs", at: path)
        }
        let seconds = ticks.compactMap { $0.map { Double($0) / Self.ticksPerSecond } }
        (user, nice, system, idle) = (seconds[0], seconds[1], seconds[2], seconds[3])
        let later = { (index: Int) in index < seconds.count ? seconds[index] : nil }
        (waiting, interrupt, softInterrupt, steal) = (later(4), later(5), later(6), later(7))
    }

    /// The kernel's unit of processor times, `USER_HZ`.
    static let ticksPerSecond: Double = {
        let ticks = sysconf(Int32(_SC_CLK_TCK))
        return ticks > 0 ? Double(ticks) : 100
    }()
}
