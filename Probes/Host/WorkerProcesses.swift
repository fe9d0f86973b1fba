import Glibc
import ProbeKit
import SystemIO
import SystemPackage

/// The processes that a measured program started, such as the workers of a data loader: what they use is no load of others.
///
/// Source: Documentation/filesystems/proc.rst, `/proc/<pid>/task/<tid>/children` and `/proc/<pid>/stat`. Kernels without
/// CONFIG_PROC_CHILDREN have no such file, and no workers are found.
package struct WorkerProcesses: Sendable {
    private let root: SystemRoot
    private let program: pid_t

    package init(root: SystemRoot, of program: pid_t) {
        self.root = root
        self.program = program
    }

    /// Processor time of all workers so far, in seconds: of those that run by their clocks, and of those that have ended as
    /// their parents count them, in ticks of 10 ms.
    ///
    /// Takes some 10 µs for each thread of the program and of its workers.
    package func cpuSeconds() -> Double {
        var (seconds, seen, waiting) = (endedChildrenSeconds(of: program), Set([program]), [program])
        while let parent = waiting.popLast() {
            for child in children(of: parent) where seen.insert(child).inserted {
                waiting.append(child)
                // One that has ended since the listing is among its parent's ended children next time.
                guard let worker = try? ObservedProcess(child) else { continue }
                seconds += worker.cpuSeconds() + endedChildrenSeconds(of: child)
            }
        }
        return seconds
    }

    /// What a process counts of its children that have ended and were waited for.
    private func endedChildrenSeconds(of process: pid_t) -> Double {
        // Without the file it has ended itself.
        guard let text = try? SysfsFile.text(at: root.file("proc/\(process)/stat")), let stat = ProcessStat(text),
            let user: UInt64 = stat.number(16), let system: UInt64 = stat.number(17)
        else { return 0 }
        return Double(user &+ system) / ProcessorTimes.ticksPerSecond
    }

    private func children(of parent: pid_t) -> [pid_t] {
        let tasks = root.file("proc/\(parent)/task")
        return root.names(in: tasks).flatMap { thread in
            // A thread that ended since the listing has no file.
            let text = (try? SysfsFile.text(at: tasks.appending(thread).appending("children"))) ?? ""
            return text.split(separator: " ").compactMap { pid_t($0) }
        }
    }
}
