import ProbeKit
import SystemIO
import SystemPackage

/// Samples what the scheduler did to a process: how long its threads were ready and waited, and how often its control
/// group used up its quota of CPU time.
///
/// The groups are those of the process when the reader was created.
package final class SchedulingReader: Sendable {
    private let root: SystemRoot
    private let throttles: [HeldFile]
    /// Its folder in `/proc`.
    private let process: String

    /// - Parameter process: whose threads are sampled.
    /// - Throws: ``KerfError`` when a counter exists and cannot be opened. A missing counter is `nil` in the samples.
    package init(root: SystemRoot, process: ObservedProcess = .own) throws(KerfError) {
        self.root = root
        self.process = process.folder
        // Without the file there are no control groups, or nobody may know of them.
        let cgroup = (try? SysfsFile.wholeText(at: root.file("proc/\(self.process)/cgroup"))) ?? ""
        var throttles: [HeldFile] = []
        for group in ControlGroup.all(.cpu, cgroup: cgroup) {
            for path in group.throttleFiles(in: root) { throttles.append(try HeldFile(path)) }
        }
        self.throttles = throttles
    }

    /// Throttling of the process's group and of those above it; `nil` where none counts it.
    ///
    /// - Throws: ``KerfError`` when a held counter can no longer be read or is malformed.
    package func throttling() throws(KerfError) -> CPUThrottling? {
        var sum = CPUThrottling(count: 0, seconds: 0)
        for file in throttles {
            guard let one = CPUThrottling(parsing: try file.text()) else {
                throw KerfError(.invalidReading, "no longer counts throttled periods", at: file.path)
            }
            sum.count &+= one.count
            sum.seconds += one.seconds
        }
        return throttles.isEmpty ? nil : sum
    }

    /// Time that each thread of the process was ready to run and waited for a processor, by its number; `nil` where the
    /// kernel does not count it.
    ///
    /// Source: Documentation/scheduler/sched-stats.rst, `/proc/<pid>/schedstat`: the second number, in nanoseconds.
    package func runQueueDelays() -> [String: Double]? {
        threads("schedstat") { text in
            let numbers = text.split(separator: " ").map { UInt64($0) }
            // Without CONFIG_SCHEDSTATS or delay accounting the kernel prints `0 0 0`: nothing was counted.
            guard numbers.count == 3, let ran = numbers[0], ran > 0, let delay = numbers[1] else { return nil }
            return Double(delay) * 1e-9
        }
    }

    /// How often each thread of the process lost its processor to another one before its time was over, by its number;
    /// `nil` without procfs.
    ///
    /// Source: Documentation/filesystems/proc.rst, `/proc/<pid>/status`.
    package func involuntarySwitchCounts() -> [String: Int]? {
        threads("status") { text in
            let name = "nonvoluntary_ctxt_switches:"
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            return line.flatMap { Int(trimmed($0.dropFirst(name.count))) }
        }
    }

    /// A counter of each thread that exists now, without those that measure; `nil` where none has it.
    ///
    /// Threads come and go, so that the files are found anew each time: some 10 µs a thread.
    private func threads<Count>(_ file: String, _ parse: (String) -> Count?) -> [String: Count]? {
        let tasks = root.file("proc/\(process)/task")
        var counts: [String: Count] = [:]
        for thread in root.names(in: tasks) where !MeasuringThreads.contains(thread) {
            // A thread that ended since the listing has no file.
            guard let text = try? SysfsFile.text(at: tasks.appending(thread).appending(file)) else { continue }
            counts[thread] = parse(text)
        }
        return counts.isEmpty ? nil : counts
    }
}
