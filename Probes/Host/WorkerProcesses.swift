import Glibc
import ProbeKit
import Synchronization
import SystemIO
import SystemPackage

/// The processes that a measured program started, such as the workers of a data loader: what they use is no load of others.
///
/// Source: Documentation/filesystems/proc.rst, `/proc/<pid>/task/<tid>/children`; kernels without
/// CONFIG_PROC_CHILDREN have no such file, and no workers are found.
package final class WorkerProcesses: Sendable {
    private let root: SystemRoot
    private let program: pid_t
    /// All that were found, also those that have ended: they keep the last time that was known.
    private let workers = Mutex<[pid_t: ObservedProcess]>([:])

    package init(root: SystemRoot, of program: pid_t) {
        self.root = root
        self.program = program
    }

    /// The numbers of those that run now, and of those that did.
    package var numbers: Set<Int> { workers.withLock { Set($0.keys.map(Int.init)) } }

    /// Processor time of all workers so far, in seconds. Finds new ones first: some 10 µs for each thread of the program.
    package func cpuSeconds() -> Double {
        let running = descendants()
        return workers.withLock { workers in
            for number in running where workers[number] == nil {
                // One that has ended since then is not known, and was short.
                workers[number] = try? ObservedProcess(number)
            }
            return workers.values.reduce(0) { $0 + $1.cpuSeconds() }
        }
    }

    private func descendants() -> Set<pid_t> {
        var (found, waiting) = (Set<pid_t>(), [program])
        while let parent = waiting.popLast() {
            for child in children(of: parent) where found.insert(child).inserted { waiting.append(child) }
        }
        return found
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
