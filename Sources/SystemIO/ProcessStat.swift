import Glibc
import SystemPackage

/// A line of `/proc/<pid>/stat` (proc(5)): `7 (a name) S 1 ...`.
package struct ProcessStat: Sendable {
    /// The program's short name, which may hold spaces and parentheses.
    package let name: String
    /// The fields after the name: the first is the third of proc(5), the state.
    package let fields: [Substring]

    package init?(_ text: String) {
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close else { return nil }
        name = String(text[text.index(after: open)..<close])
        fields = text[text.index(after: close)...].split(separator: " ")
    }

    /// - Returns: `nil` for a process that is gone, and without procfs.
    package init?(of pid: pid_t) {
        guard let text = try? SysfsFile.text(at: FilePath("/proc/\(pid)/stat")) else { return nil }
        self.init(text)
    }

    /// `R` running, `S` sleeping, `T` stopped by a signal, `t` by a tracer, `Z` ended and not waited for.
    package var state: Character? { fields.first?.first }

    package var parent: pid_t? { number(4) }

    /// Page faults for which memory had to be read from disk.
    package var majorFaults: Int? { number(12) }

    /// - Parameter field: as proc(5) counts them, from 1; at least 3.
    package func number<Number: FixedWidthInteger>(_ field: Int) -> Number? {
        fields.indices.contains(field - 3) ? Number(fields[field - 3]) : nil
    }
}
