/// What control groups and CPU affinity leave a process of its machine.
package struct ResourceLimits: Sendable, Hashable {
    /// CPU time per time, in CPUs; `nil` without a quota.
    package var quotaCPUs: Double?
    /// The CPUs that the process may run on; `nil` where the kernel does not say.
    package var allowedCPUs: [Int]?
    /// `nil` without a limit.
    package var memoryLimitBytes: Int?
    /// What the tightest of the groups still allows, in bytes; `nil` without a limit.
    package var memoryFreeBytes: Int?

    package init(
        quotaCPUs: Double? = nil, allowedCPUs: [Int]? = nil, memoryLimitBytes: Int? = nil, memoryFreeBytes: Int? = nil
    ) {
        self.quotaCPUs = quotaCPUs
        self.allowedCPUs = allowedCPUs
        self.memoryLimitBytes = memoryLimitBytes
        self.memoryFreeBytes = memoryFreeBytes
    }

    /// The limits of this process, or of the one whose `/proc/self` a tree holds. What cannot be read limits nothing.
    ///
    /// Source: cgroups(7); proc_pid_status(5), `Cpus_allowed_list`, which is the affinity within the cpuset.
    package init(root: SystemRoot) {
        let cgroup = (try? SysfsFile.wholeText(at: root.file("proc/self/cgroup"))) ?? ""
        let groups = { (controller: ControlGroup.Controller) in ControlGroup.all(controller, cgroup: cgroup) }
        quotaCPUs = groups(.cpu).compactMap { $0.quotaCPUs(in: root) }.min()
        memoryLimitBytes = groups(.memory).compactMap { $0.memoryLimitBytes(in: root) }.min()
        memoryFreeBytes = groups(.memory).compactMap { $0.memoryFreeBytes(in: root) }.min()
        let sets = groups(.cpuset).compactMap { $0.effectiveCPUs(in: root) } + [Self.affinity(root)].compactMap(\.self)
        allowedCPUs = sets.first.map { first in
            sets.dropFirst().reduce(Set(first)) { $0.intersection($1) }.sorted()
        }
    }

    /// The number of threads that can run all the time, at most `processors`.
    ///
    /// A quota counts whole CPUs, since threads beyond them only use it up earlier, and then all wait for the next period.
    package func threadCount(of processors: Int) -> Int {
        let allowed = allowedCPUs.map { min(processors, $0.count) } ?? processors
        let quota = quotaCPUs.map { Int(min($0 + 1e-9, 1e6)) } ?? allowed
        return max(1, min(allowed, quota))
    }

    private static func affinity(_ root: SystemRoot) -> [Int]? {
        let key = "Cpus_allowed_list:"
        guard let status = try? SysfsFile.wholeText(at: root.file("proc/self/status")),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) })
        else { return nil }
        let list = line.dropFirst(key.count).split(whereSeparator: \.isWhitespace).first ?? ""
        return CPUList.parse(String(list)).flatMap { $0.isEmpty ? nil : $0 }
    }
}
