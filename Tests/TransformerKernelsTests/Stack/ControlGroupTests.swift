import SystemPackage
import TestSupport
import Testing

@testable import TransformerKernels

extension KernelTests {
    @Suite struct ControlGroups {
        @Test func groupsOfAProcess() {
            let text =
                "5:cpu,cpuacct:/a\n4:rdma,memory:/docker/x\n1:name=systemd:/memory\n0::/user.slice/kerf:1\nno\n7:memory:up\n"
            #expect(
                ControlGroup.all(cgroup: text) == [
                    ControlGroup(mount: "/sys/fs/cgroup/memory", path: "/docker/x", isVersion2: false),
                    ControlGroup(mount: "/sys/fs/cgroup", path: "/user.slice/kerf:1", isVersion2: true),
                ])
        }

        @Test(
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
        func freeBytesOfVersion2(files: [String: String], free: Int?) {
            #expect(ControlGroup(mount: "", path: "/", isVersion2: true).freeBytes { files[$0] } == free)
        }

        @Test func freeBytesOfVersion1() {
            let files = [
                "memory.limit_in_bytes": "5000\n", "memory.usage_in_bytes": "1000\n",
                "memory.stat": "inactive_file 1\ntotal_inactive_file 100\ntotal_active_file 50\n",
            ]
            #expect(ControlGroup(mount: "", path: "/", isVersion2: false).freeBytes { files[$0] } == 4150)
        }

        @Test func theTightestLevelCounts() throws {
            let tree = try FixtureTree()
            let root = tree.path.string
            let machine = availableMemoryBytes(root: root)
            let group = "sys/fs/cgroup/pod/kerf"
            try tree.write("proc/self/cgroup", "0::/pod/kerf\n")
            try tree.write(under: group, ["memory.max": "max", "memory.current": "1000000"])
            #expect(availableMemoryBytes(root: root) == machine)
            try tree.write(under: "sys/fs/cgroup/pod", ["memory.max": "3000000", "memory.current": "1000000"])
            #expect(availableMemoryBytes(root: root) == 2_000_000)
            try tree.write(under: group, ["memory.max": "1500000"])
            #expect(availableMemoryBytes(root: root) == 500_000)
            // A container that sees its own group as the mount.
            try tree.write("proc/self/cgroup", "3:memory:/docker/0123\n")
            try tree.write(
                under: "sys/fs/cgroup/memory", ["memory.limit_in_bytes": "70000", "memory.usage_in_bytes": "50000"])
            #expect(availableMemoryBytes(root: root) == 20_000)
        }
    }
}
