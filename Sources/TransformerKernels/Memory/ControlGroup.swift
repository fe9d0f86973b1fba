/// A control group that accounts memory, of either version of the kernel's interface.
///
/// Source: the kernel's `Documentation/admin-guide/cgroup-v2.rst` and `cgroup-v1/memory.rst`; cgroups(7) for
/// `/proc/PID/cgroup`.
struct ControlGroup: Equatable {
    /// Where its hierarchy is mounted by convention (file-hierarchy(7)), below the root.
    let mount: String
    /// From the mount to the group: `/user.slice/kerf`.
    let path: String
    let isVersion2: Bool

    /// The groups that a process's memory counts in; `cgroup` is the text of `/proc/self/cgroup`.
    static func all(cgroup: String) -> [ControlGroup] {
        cgroup.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].hasPrefix("/") else { return nil }
            if fields[0] == "0" && fields[1].isEmpty {
                return ControlGroup(mount: "/sys/fs/cgroup", path: String(fields[2]), isVersion2: true)
            }
            guard fields[1].split(separator: ",").contains("memory") else { return nil }
            return ControlGroup(mount: "/sys/fs/cgroup/memory", path: String(fields[2]), isVersion2: false)
        }
    }

    /// What the group and all groups above it still allow; `nil` where none of them has a limit that can be read.
    ///
    /// Levels that are not there are passed over: a container may see its own group as the mount itself.
    func freeBytes(root: String) -> Int? {
        var levels = path.split(separator: "/").filter { $0 != ".." }
        var least: Int?
        while true {
            let directory = root + mount + levels.map { "/" + $0 }.joined() + "/"
            let free = freeBytes { kernelText(directory + $0) }
            least = [least, free].compactMap(\.self).min()
            if levels.popLast() == nil { return least }
        }
    }

    /// Limit less usage, in which page cache does not count: the kernel takes it back before it kills.
    ///
    /// - Parameter file: text of one of the group's files.
    func freeBytes(_ file: (String) -> String?) -> Int? {
        func number(_ name: String) -> Int? {
            file(name).flatMap { Int($0.split(separator: "\n").first ?? "") }
        }
        // Without a limit version 2 says `max`, version 1 a number near 2^63.
        guard let limit = number(isVersion2 ? "memory.max" : "memory.limit_in_bytes"), limit >= 0,
            let used = number(isVersion2 ? "memory.current" : "memory.usage_in_bytes"), used >= 0
        else { return nil }
        let prefix = isVersion2 ? "" : "total_"
        let caches = (file("memory.stat") ?? "").split(separator: "\n").compactMap { line -> Int? in
            let words = line.split(separator: " ")
            guard words.count == 2, words[0] == prefix + "inactive_file" || words[0] == prefix + "active_file" else {
                return nil
            }
            return Int(words[1])
        }
        let cached = caches.reduce(0) { $0 + min(max($1, 0), used - $0) }
        return max(0, limit - (used - cached))
    }
}
