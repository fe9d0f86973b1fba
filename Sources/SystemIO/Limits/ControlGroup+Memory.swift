import SystemPackage

/// Memory of a control group.
///
/// Source: Documentation/admin-guide/cgroup-v2.rst (`memory.max`, `memory.current`, `memory.stat`) and
/// cgroup-v1/memory.rst (`memory.limit_in_bytes`, `memory.usage_in_bytes`).
extension ControlGroup {
    /// Without a limit version 1 gives the largest number of whole pages, near 2^63.
    private static let unlimited = 1 << 60

    /// The least limit of the group and of those above it, in bytes; `nil` where none has one.
    package func memoryLimitBytes(in root: SystemRoot) -> Int? {
        directories(in: root).compactMap(memoryLimit).min()
    }

    /// What the group and all groups above it still allow, in bytes; `nil` where none of them has a limit that can be
    /// read.
    package func memoryFreeBytes(in root: SystemRoot) -> Int? {
        directories(in: root).compactMap { directory -> Int? in
            let usage = isVersion2 ? "memory.current" : "memory.usage_in_bytes"
            guard let limit = memoryLimit(directory), let used = Self.number(usage, in: directory), used >= 0 else {
                return nil
            }
            return max(0, limit - (used - cachedBytes(directory, of: used)))
        }.min()
    }

    private func memoryLimit(_ directory: FilePath) -> Int? {
        Self.number(isVersion2 ? "memory.max" : "memory.limit_in_bytes", in: directory)
            .flatMap { $0 >= 0 && $0 < Self.unlimited ? $0 : nil }
    }

    /// Page cache within the usage, which the kernel takes back before it kills.
    private func cachedBytes(_ directory: FilePath, of used: Int) -> Int {
        let prefix = isVersion2 ? "" : "total_"
        let caches = (Self.text("memory.stat", in: directory) ?? "").split(separator: "\n").compactMap { line -> Int? in
            let words = line.split(separator: " ")
            guard words.count == 2, words[0] == prefix + "inactive_file" || words[0] == prefix + "active_file" else {
                return nil
            }
            return Int(words[1])
        }
        return caches.reduce(0) { $0 + min(max($1, 0), used - $0) }
    }
}
