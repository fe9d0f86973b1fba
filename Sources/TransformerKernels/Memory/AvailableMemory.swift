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
    let system = kernelText(root + "/proc/meminfo").flatMap { MemoryInfo(parsing: $0).availableBytes }
    let groups = kernelText(root + "/proc/self/cgroup").map { ControlGroup.all(cgroup: $0) } ?? []
    return groups.compactMap { $0.freeBytes(root: root) }.reduce(min(machine, system ?? machine), min)
}

/// The text of a file of procfs or cgroupfs; `nil` where it cannot be read.
func kernelText(_ path: String) -> String? { try? SysfsFile.wholeText(at: FilePath(path)) }
