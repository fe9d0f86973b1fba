import Host
import ProbeKit
import SystemIO
import TestSupport
import Testing

@Suite("What the scheduler does to the process")
struct SchedulingTests {
    @Test("waits and switches of each thread; one without counters is passed over")
    func threads() throws {
        let tree = try FixtureTree()
        let reader = try HostProbe(root: tree.root).schedulingReader()
        #expect(reader.runQueueDelays() == nil && reader.involuntarySwitchCounts() == nil)
        try tree.write("proc/self/task/10/schedstat", "5000000000 250000000 12\n")
        try tree.write("proc/self/task/11/schedstat", "1 500000000 3\n")
        try tree.write("proc/self/task/12/schedstat", "garbage\n")
        try tree.directory("proc/self/task/13")
        #expect(reader.runQueueDelays() == ["10": 0.25, "11": 0.5])
        try tree.write("proc/self/task/10/status", "Name:\tkerf\nvoluntary_ctxt_switches:\t9\n")
        try tree.write(
            "proc/self/task/11/status",
            "Name:\tkerf\nvoluntary_ctxt_switches:\t9\nnonvoluntary_ctxt_switches:\t31\n")
        #expect(reader.involuntarySwitchCounts() == ["11": 31])
    }

    @Test("throttling of the group and of those above it, in the unit of each version")
    func throttling() throws {
        let tree = try FixtureTree()
        #expect(try HostProbe(root: tree.root).schedulingReader().throttling() == nil)
        try tree.write("proc/self/cgroup", "0::/pod/kerf\n")
        let group = "sys/fs/cgroup/pod/kerf/cpu.stat"
        try tree.write(group, "nr_periods 10\nnr_throttled 4\nthrottled_usec 1500000\n")
        try tree.write("sys/fs/cgroup/pod/cpu.stat", "nr_periods 10\nnr_throttled 1\nthrottled_usec 500000\n")
        try tree.write("sys/fs/cgroup/cpu.stat", "usage_usec 77\n")
        let reader = try HostProbe(root: tree.root).schedulingReader()
        #expect(try reader.throttling() == CPUThrottling(count: 5, seconds: 2))
        try tree.write(group, "nr_periods 12\nnr_throttled 6\nthrottled_usec 2500000\n")
        #expect(try reader.throttling() == CPUThrottling(count: 7, seconds: 3))
        try tree.write(group, "usage_usec 1\n")
        let error = #expect(throws: KerfError.self) { try reader.throttling() }
        #expect(error?.code == .invalidReading)

        try tree.write("proc/self/cgroup", "3:cpu,cpuacct:/box\n")
        try tree.write(
            "sys/fs/cgroup/cpu,cpuacct/box/cpu.stat", "nr_periods 9\nnr_throttled 2\nthrottled_time 250000000\n")
        try tree.link("sys/fs/cgroup/cpu", "cpu,cpuacct")
        // Two names of one mount are one group.
        let old = try HostProbe(root: tree.root).schedulingReader()
        #expect(try old.throttling() == CPUThrottling(count: 2, seconds: 0.25))
    }

    @Test("the running process is known")
    func live() throws {
        _ = try HostProbe().schedulingReader().throttling()
        #expect(try HostProbe().schedulingReader().involuntarySwitchCounts()?.isEmpty == false)
    }
}
