import SystemIO

/// Memory of the box.
///
/// Source: Documentation/filesystems/proc.rst, `meminfo`; its `kB` are 1024 bytes.
struct MemoryInfo {
    let totalBytes: Int
    /// What new work can use without swapping; `nil` on kernels that do not estimate it.
    let availableBytes: Int?

    init(root: SystemRoot) throws(KerfError) {
        let path = root.file("proc/meminfo")
        let text = try SysfsFile.wholeText(at: path)
        let bytes = { (key: String) -> Int? in
            guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(key + ":") }),
                let number = line.dropFirst(key.count + 1).split(separator: " ").first,
                let kibibytes = Int(number), kibibytes >= 0, kibibytes < Int.max / 1024
            else { return nil }
            return kibibytes * 1024
        }
        guard let total = bytes("MemTotal"), total > 0 else {
            throw KerfError(.invalidReading, "no MemTotal in it", at: path)
        }
        totalBytes = total
        availableBytes = bytes("MemAvailable")
    }
}
