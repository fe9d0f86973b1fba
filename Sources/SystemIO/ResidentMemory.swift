import Glibc
import SystemPackage

/// Memory of this process that is resident; `nil` where the kernel does not report it.
package struct ResidentMemory {
    package var bytes: Int?
    /// Since the process began.
    package var peakBytes: Int?

    /// The second number of `/proc/self/statm`, in pages (the kernel's `Documentation/filesystems/proc.rst`), and
    /// getrusage(2)'s, in KiB.
    package static func now() -> ResidentMemory {
        var usage = rusage()
        let known = getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0
        return ResidentMemory(
            bytes: pages().map { $0 * sysconf(Int32(_SC_PAGESIZE)) }, peakBytes: known ? usage.ru_maxrss << 10 : nil)
    }

    /// The increase between two samples.
    package static func - (later: ResidentMemory, earlier: ResidentMemory) -> ResidentMemory {
        func difference(_ field: KeyPath<ResidentMemory, Int?>) -> Int? {
            later[keyPath: field].flatMap { after in earlier[keyPath: field].map { after - $0 } }
        }
        return ResidentMemory(bytes: difference(\.bytes), peakBytes: difference(\.peakBytes))
    }

    private static func pages() -> Int? {
        let words = (try? SysfsFile.text(at: "/proc/self/statm"))?.split(separator: " ") ?? []
        return words.count > 1 ? Int(words[1]) : nil
    }
}
