#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Bytes that a process can use without swapping: `MemAvailable` of `/proc/meminfo` (the kernel's
/// `Documentation/filesystems/proc.rst`), or the machine's memory where that cannot be read.
func availableMemoryBytes(meminfo path: String = "/proc/meminfo") -> Int {
    let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    guard let file = fopen(path, "r") else { return machine }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            .split { $0 == " " || $0 == "\n" }
        guard words.count == 3, words[0] == "MemAvailable:", words[2] == "kB", let kibibytes = Int(words[1]) else {
            continue
        }
        return min(machine, kibibytes.multipliedReportingOverflow(by: 1024).partialValue)
    }
    return machine
}
