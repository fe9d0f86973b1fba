import Glibc

/// Bytes that a process can use without swapping and without being killed: `MemAvailable` of `/proc/meminfo` (the
/// kernel's `Documentation/filesystems/proc.rst`), or the machine's memory where that cannot be read; less where a
/// control group allows less.
///
/// - Parameter root: the directory that stands for `/`.
func availableMemoryBytes(root: String = "/") -> Int {
    let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    let system = textOfFile(root + "/proc/meminfo").flatMap { memAvailableBytes(meminfo: $0) }
    let groups = textOfFile(root + "/proc/self/cgroup").map { ControlGroup.all(cgroup: $0) } ?? []
    return groups.compactMap { $0.freeBytes(root: root) }.reduce(min(machine, system ?? machine), min)
}

func memAvailableBytes(meminfo: String) -> Int? {
    for line in meminfo.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count == 3, words[0] == "MemAvailable:", words[2] == "kB", let kibibytes = Int(words[1]),
            kibibytes >= 0
        else { continue }
        let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
        return overflow ? nil : bytes
    }
    return nil
}

/// The start of a file of procfs or cgroupfs, 64 KiB at most.
func textOfFile(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}
