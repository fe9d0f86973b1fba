import SystemIO
import SystemPackage
import TestSupport
import Testing

/// Limits of control groups, of both versions, in trees of files.
@Suite("Control groups")
struct ControlGroupTests {
    @Test("the groups of a process, by controller")
    func groups() {
        let text =
            "5:cpu,cpuacct:/a\n4:rdma,memory:/docker/x\n1:name=systemd:/memory\n0::/user.slice/kerf:1\nno\n7:memory:up\n"
        let memory = ControlGroup.all(.memory, cgroup: text)
        #expect(memory.map(\.path) == ["/docker/x", "/user.slice/kerf:1"])
        #expect(memory.map(\.isVersion2) == [false, true])
        #expect(ControlGroup.all(.cpu, cgroup: text).map(\.path) == ["/a", "/user.slice/kerf:1"])
        #expect(ControlGroup.all(.cpuset, cgroup: "3:cpu:/x\n").isEmpty)
    }

    // MARK: - CPU time

    @Test(
        "a quota of version 2",
        arguments: [
            ("60000 100000", 0.6), ("150000 100000", 1.5), ("max 100000", nil), ("", nil), ("60000", nil),
            ("60000 0", nil), ("-1 100000", nil), ("x y", nil),
        ] as [(String, Double?)])
    func quotaOfVersion2(text: String, cpus: Double?) throws {
        let tree = try FixtureTree()
        try tree.write("proc/self/cgroup", "0::/kerf\n")
        try tree.write(under: "sys/fs/cgroup/kerf", ["cpu.max": text])
        #expect(ResourceLimits(root: tree.root).quotaCPUs == cpus)
    }

    @Test(
        "a quota of version 1, under either name of the mount",
        arguments: ["cpu", "cpu,cpuacct"], [(60000, 0.6), (-1, nil), (0, nil)] as [(Int, Double?)])
    func quotaOfVersion1(mount: String, quota: (microseconds: Int, cpus: Double?)) throws {
        let tree = try FixtureTree()
        try tree.write("proc/self/cgroup", "4:cpu,cpuacct:/box/kerf\n0::/\n")
        try tree.write(
            under: "sys/fs/cgroup/\(mount)/box/kerf",
            ["cpu.cfs_quota_us": "\(quota.microseconds)", "cpu.cfs_period_us": "100000"])
        #expect(ResourceLimits(root: tree.root).quotaCPUs == quota.cpus)
    }

    @Test("the tightest quota of all levels counts, also that of the mount itself, which is a container's own group")
    func quotaLevels() throws {
        let tree = try FixtureTree()
        try tree.write("proc/self/cgroup", "0::/pod/kerf\n")
        try tree.write(under: "sys/fs/cgroup/pod/kerf", ["cpu.max": "200000 100000"])
        #expect(ResourceLimits(root: tree.root).quotaCPUs == 2)
        try tree.write(under: "sys/fs/cgroup/pod", ["cpu.max": "25000 50000"])
        #expect(ResourceLimits(root: tree.root).quotaCPUs == 0.5)
        try tree.write("proc/self/cgroup", "0::/docker/0123\n")
        try tree.write(under: "sys/fs/cgroup", ["cpu.max": "30000 100000"])
        #expect(ResourceLimits(root: tree.root).quotaCPUs == 0.3)
    }

    @Test("a group outside the mount, and a link that leads out of the tree")
    func outside() throws {
        let tree = try FixtureTree()
        let elsewhere = try FixtureTree()
        try elsewhere.write(under: "group", ["cpu.max": "10000 100000"])
        try tree.write("proc/self/cgroup", "0::/../../group\n")
        try tree.link("sys/fs/cgroup/group", elsewhere.file("group").string)
        #expect(ResourceLimits(root: tree.root) == ResourceLimits())
    }

    // MARK: - CPUs

    @Test("CPUs: the set of the group and the affinity of the process together")
    func cpus() throws {
        let tree = try FixtureTree()
        #expect(ResourceLimits(root: tree.root).allowedCPUs == nil)
        try tree.write(
            "proc/self/status", "Name:\tkerf\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,6\nMems_allowed:\t1\n")
        #expect(ResourceLimits(root: tree.root).allowedCPUs == [0, 1, 2, 3, 6])
        try tree.write("proc/self/cgroup", "9:cpuset:/kerf\n")
        try tree.write(under: "sys/fs/cgroup/cpuset", ["cpuset.effective_cpus": "0-7"])
        #expect(ResourceLimits(root: tree.root).allowedCPUs == [0, 1, 2, 3, 6])
        try tree.write(under: "sys/fs/cgroup/cpuset/kerf", ["cpuset.cpus": "2-6"])
        #expect(ResourceLimits(root: tree.root).allowedCPUs == [2, 3, 6])
        try tree.write("proc/self/cgroup", "0::/kerf\n")
        try tree.write(under: "sys/fs/cgroup/kerf", ["cpuset.cpus.effective": "3"])
        #expect(ResourceLimits(root: tree.root).allowedCPUs == [3])
        try tree.write(under: "sys/fs/cgroup/kerf", ["cpuset.cpus.effective": "many"])
        #expect(ResourceLimits(root: tree.root).allowedCPUs == [0, 1, 2, 3, 6])
    }

    @Test(
        "threads: whole CPUs of the quota, at least one, and no more than there are CPUs",
        arguments: [
            (ResourceLimits(), 8), (ResourceLimits(quotaCPUs: 0.6), 1), (ResourceLimits(quotaCPUs: 2), 2),
            (ResourceLimits(quotaCPUs: 2.9), 2), (ResourceLimits(quotaCPUs: 64), 8),
            (ResourceLimits(quotaCPUs: 1e18), 8),
            (ResourceLimits(allowedCPUs: [1, 5]), 2), (ResourceLimits(quotaCPUs: 1.5, allowedCPUs: [1, 5]), 1),
            (ResourceLimits(allowedCPUs: Array(0..<32)), 8),
        ])
    func threads(limits: ResourceLimits, count: Int) {
        #expect(limits.threadCount(of: 8) == count)
    }

    @Test("throttling, in the unit of each version; the counters of every level")
    func throttling() throws {
        let two = "usage_usec 5\nnr_periods 54\nnr_throttled 52\nthrottled_usec 2500000\n"
        #expect(CPUThrottling(parsing: two) == CPUThrottling(count: 52, seconds: 2.5))
        let one = "nr_periods 54\nnr_throttled 52\nthrottled_time 1500000000\n"
        #expect(CPUThrottling(parsing: one) == CPUThrottling(count: 52, seconds: 1.5))
        #expect(CPUThrottling(parsing: "usage_usec 5\nuser_usec 4\n") == nil, "the controller is off")
        #expect(CPUThrottling(parsing: "nr_throttled -1\nthrottled_usec 5\n") == nil)
        let tree = try FixtureTree()
        try tree.write("sys/fs/cgroup/pod/kerf/cpu.stat", two)
        try tree.write("sys/fs/cgroup/pod/cpu.stat", "usage_usec 5\n")
        try tree.write("sys/fs/cgroup/cpu.stat", two)
        let group = try #require(ControlGroup.all(.cpu, cgroup: "0::/pod/kerf\n").first)
        #expect(group.throttleFiles(in: tree.root).count == 2)
    }

    // MARK: - Memory

    @Test(
        "free memory of version 2",
        arguments: [
            (["memory.max": "1000\n", "memory.current": "400\n"], 600),
            (
                [
                    "memory.max": "1000\n", "memory.current": "400\n",
                    "memory.stat": "anon 9\ninactive_file 30\nactive_file 70\n",
                ], 700
            ),
            // Cache that is more than the whole usage, and usage above the limit.
            (
                [
                    "memory.max": "1000\n", "memory.current": "400\n",
                    "memory.stat": "inactive_file 9223372036854775807\nactive_file 5\n",
                ], 1000
            ),
            (["memory.max": "1000\n", "memory.current": "4000\n"], 0),
            (["memory.max": "max\n", "memory.current": "400\n"], nil),
            (["memory.max": "-1\n", "memory.current": "400\n"], nil),
            (["memory.max": "1000\n"], nil), (["memory.max": "", "memory.current": ""], nil), ([:], nil),
        ] as [([String: String], Int?)])
    func memoryOfVersion2(files: [String: String], free: Int?) throws {
        let tree = try FixtureTree()
        try tree.write("proc/self/cgroup", "0::/kerf\n")
        for (name, text) in files { try tree.write("sys/fs/cgroup/kerf/\(name)", text) }
        #expect(ResourceLimits(root: tree.root).memoryFreeBytes == free)
    }

    @Test("memory of version 1, where a number near 2^63 is no limit")
    func memoryOfVersion1() throws {
        let tree = try FixtureTree()
        try tree.write("proc/self/cgroup", "4:memory:/kerf\n")
        try tree.write(
            under: "sys/fs/cgroup/memory",
            ["memory.limit_in_bytes": "9223372036854771712", "memory.usage_in_bytes": "7"])
        #expect(ResourceLimits(root: tree.root) == ResourceLimits())
        try tree.write(
            under: "sys/fs/cgroup/memory/kerf",
            [
                "memory.limit_in_bytes": "5000", "memory.usage_in_bytes": "1000",
                "memory.stat": "inactive_file 1\ntotal_inactive_file 100\ntotal_active_file 50",
            ])
        #expect(ResourceLimits(root: tree.root).memoryLimitBytes == 5000)
        #expect(ResourceLimits(root: tree.root).memoryFreeBytes == 4150)
    }

    @Test("limits of memory count along the whole path")
    func memoryLevels() throws {
        let tree = try FixtureTree()
        try tree.write("proc/self/cgroup", "0::/pod/kerf\n")
        try tree.write(under: "sys/fs/cgroup/pod/kerf", ["memory.max": "max", "memory.current": "1000000"])
        #expect(ResourceLimits(root: tree.root).memoryLimitBytes == nil)
        try tree.write(under: "sys/fs/cgroup/pod", ["memory.max": "3000000", "memory.current": "1000000"])
        #expect(ResourceLimits(root: tree.root).memoryLimitBytes == 3_000_000)
        #expect(ResourceLimits(root: tree.root).memoryFreeBytes == 2_000_000)
        try tree.write(under: "sys/fs/cgroup/pod/kerf", ["memory.max": "1500000"])
        #expect(ResourceLimits(root: tree.root).memoryLimitBytes == 1_500_000)
        #expect(ResourceLimits(root: tree.root).memoryFreeBytes == 500_000)
    }
}
