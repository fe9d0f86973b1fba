import Host
import ProbeKit
import SystemIO
import TestSupport
import Testing

@Suite("CPUs that go on or off line")
struct HotplugTests {
    private let cpus = "sys/devices/system/cpu"

    @Test("a CPU on its way to another state is told from one that has arrived")
    func changes() throws {
        let tree = try FixtureTree()
        #expect(try HostProbe(root: tree.root).hotplugReader() == nil)
        try tree.write("\(cpus)/online", "0-1\n")
        // An older kernel gives the CPU that it booted on no target; the list of all states is no CPU.
        try tree.write("\(cpus)/cpu0/hotplug/state", "236\n")
        try tree.write("\(cpus)/cpu0/hotplug/target", "0\n")
        try tree.directory("\(cpus)/cpu2")
        try tree.write("\(cpus)/hotplug/states", "0: offline\n")
        try tree.write("\(cpus)/cpu1/hotplug/state", "236\n")
        try tree.write("\(cpus)/cpu1/hotplug/target", "236\n")
        let reader = try #require(try HostProbe(root: tree.root).hotplugReader())
        #expect(try reader.read() == OnlineProcessors(list: "0-1"))
        try tree.write("\(cpus)/cpu1/hotplug/target", "0\n")
        #expect(try reader.read() == OnlineProcessors(list: "0-1", isChanging: true))
        try tree.write("\(cpus)/cpu1/hotplug/state", "0\n")
        try tree.write("\(cpus)/online", "0\n")
        #expect(try reader.read() == OnlineProcessors(list: "0"))
    }

    @Test("what cannot be read is an error, not a CPU at rest")
    func malformed() throws {
        let tree = try FixtureTree()
        try tree.write("\(cpus)/online", "0-1\n")
        try tree.write("\(cpus)/cpu1/hotplug/state", "up\n")
        try tree.write("\(cpus)/cpu1/hotplug/target", "236\n")
        #expect(throws: KerfError.self) { try HostProbe(root: tree.root).hotplugReader() }
        try tree.write("\(cpus)/cpu1/hotplug/state", "236\n")
        let reader = try #require(try HostProbe(root: tree.root).hotplugReader())
        try tree.write("\(cpus)/cpu1/hotplug/state", "up\n")
        #expect(throws: KerfError.self) { try reader.read() }
    }
}
