import Glibc
import SystemIO
import SystemPackage

/// Bytes that a process can use without swapping and without being killed: `MemAvailable` of `/proc/meminfo` (the
/// kernel's `Documentation/filesystems/proc.rst`), or the machine's memory where that cannot be read; less where a
/// control group allows less.
///
/// - Parameter root: the directory that stands for `/`.
func availableMemoryBytes(root: String = "/") -> Int {
    let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let root = SystemRoot(FilePath(root))
    // Without the estimate the machine's memory bounds what may be allocated.
    let system = (try? MemoryInfo(root: root))?.availableBytes
    return min(machine, system ?? machine, ResourceLimits(root: root).memoryFreeBytes ?? machine)
}
