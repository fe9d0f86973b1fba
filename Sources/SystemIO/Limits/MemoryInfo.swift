/// Memory of a machine, from `/proc/meminfo`.
///
/// Source: Documentation/filesystems/proc.rst, `meminfo`; its `kB` are 1024 bytes.
package struct MemoryInfo: Sendable, Hashable {
    package let totalBytes: Int?
    /// Memory that new work can use without swapping; `nil` on kernels that do not estimate it.
    package let availableBytes: Int?

    /// - Throws: ``KerfError`` when the file cannot be read or names no total.
    package init(root: SystemRoot) throws(KerfError) {
        let path = root.file("proc/meminfo")
        self.init(parsing: try SysfsFile.wholeText(at: path))
        guard let totalBytes, totalBytes > 0 else { throw KerfError(.invalidReading, "no MemTotal in it", at: path) }
    }

    /// - Parameter text: the file's text; a field that is missing or malformed is `nil`.
    package init(parsing text: String) {
        var bytes: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[2] == "kB", let kibibytes = Int(words[1]), kibibytes >= 0,
                kibibytes <= Int.max / 1024
            else { continue }
            bytes[words[0]] = kibibytes * 1024
        }
        totalBytes = bytes["MemTotal:"]
        availableBytes = bytes["MemAvailable:"]
    }
}
