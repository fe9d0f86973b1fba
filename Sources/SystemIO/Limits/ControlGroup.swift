import SystemPackage

/// The control group of a process for one controller, of either version of the kernel's interface.
///
/// A process is bound by its group and by every group above it, and the tightest of them counts.
///
/// Source: the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/; cgroups(7) for `/proc/PID/cgroup`.
package struct ControlGroup: Sendable, Hashable {
    package enum Controller: String, Sendable, CaseIterable { case cpu, cpuset, memory }

    package let controller: Controller
    /// From the hierarchy's mount to the group: `/user.slice/kerf`.
    package let path: String
    package let isVersion2: Bool
    /// Where the hierarchy is mounted by convention (file-hierarchy(7)), below the root.
    private let mounts: [String]

    /// The groups that a process is in; a box that has both versions has a group of each.
    ///
    /// - Parameter cgroup: the text of `/proc/self/cgroup`.
    package static func all(_ controller: Controller, cgroup: String) -> [ControlGroup] {
        cgroup.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[2].hasPrefix("/") else { return nil }
            if fields[0] == "0" && fields[1].isEmpty {
                return ControlGroup(
                    controller: controller, path: String(fields[2]), isVersion2: true,
                    mounts: ["sys/fs/cgroup", "sys/fs/cgroup/unified"])
            }
            let names = fields[1].split(separator: ",")
            guard names.contains(where: { $0 == controller.rawValue }), !fields[1].contains("/") else { return nil }
            // Controllers that share a hierarchy have one mount, to which each one's name is a link.
            return ControlGroup(
                controller: controller, path: String(fields[2]), isVersion2: false,
                mounts: ["sys/fs/cgroup/\(controller.rawValue)", "sys/fs/cgroup/\(fields[1])"])
        }
    }

    /// The directories of the group and of those above it, up to the mount.
    ///
    /// Levels that are not there are passed over: a container may see its own group as the mount itself.
    package func directories(in root: SystemRoot) -> [FilePath] {
        var found: [FilePath] = []
        for mount in mounts {
            // No hierarchy is that deep; the bound is for an untrusted tree.
            var levels = path.split(separator: "/").filter { $0 != ".." }.prefix(64)
            while true {
                let directory = root.realDirectory(root.file(mount + levels.map { "/\($0)" }.joined()))
                if let directory, !found.contains(directory) { found.append(directory) }
                if levels.popLast() == nil { break }
            }
        }
        return found
    }

    /// The text of a group's file; `nil` where the group has no such file or it cannot be read: what limits nothing that
    /// can be seen is no limit.
    static func text(_ name: String, in directory: FilePath) -> String? {
        try? SysfsFile.wholeText(at: directory.appending(name), limit: 1 << 20)
    }

    /// The number in a group's file; `nil` for a word such as `max`.
    static func number(_ name: String, in directory: FilePath) -> Int? {
        text(name, in: directory).flatMap { Int($0.split(separator: "\n").first ?? "") }
    }
}
