import Glibc
import SystemPackage

/// State and parent of a process, from `/proc/<pid>/stat` (proc(5)).
package enum ProcessState {
    /// `R` running, `S` sleeping, `T` stopped by a signal, `Z` ended and not waited for; `nil` where it is gone.
    package static func state(of pid: pid_t) -> Character? { fields(pid)?.first?.first }

    package static func parent(of pid: pid_t) -> pid_t? { fields(pid)?.dropFirst().first.flatMap { pid_t($0) } }

    /// Page faults for which memory had to be read from disk.
    package static func majorFaults(of pid: pid_t) -> Int? { fields(pid)?.dropFirst(9).first.flatMap { Int($0) } }

    /// The fields after the program's name, which may hold spaces and parentheses: the first is the state.
    private static func fields(_ pid: pid_t) -> [Substring]? {
        // A process that is gone has no file.
        guard let text = try? SysfsFile.text(at: FilePath("/proc/\(pid)/stat")), let end = text.lastIndex(of: ")")
        else {
            return nil
        }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
