import Host
import TestSupport
import Testing

@Suite("topology")
struct TopologyTests {
    @Test("threads of one core, and equal core numbers in two sockets")
    func sockets() throws {
        let host = try HostFixture()
        try host.writeX86(cpus: 8)
        for number in 0..<8 {
            let core = number % 4
            try host.writeThread(number, package: core / 2, core: core % 2, siblings: "\(core),\(core + 4)")
        }
        try host.tree.write("sys/devices/system/node/node0/cpulist", "0-1,4-5\n")
        try host.tree.write("sys/devices/system/node/node1/cpulist", "2-3,6-7\n")
        let topology = try host.probe.identity().topology
        #expect(topology.sockets == 2 && topology.cores == 4 && topology.threads == 8)
        #expect(topology.coreTypes.isEmpty)
        #expect(
            topology.numaNodes == [NUMANode(number: 0, cpus: [0, 1, 4, 5]), NUMANode(number: 1, cpus: [2, 3, 6, 7])])
    }

    @Test("hybrid Intel by its PMUs")
    func hybridByPMU() throws {
        let host = try HostFixture()
        try host.writeX86(cpus: 4)
        try host.writeThread(0, core: 0, siblings: "0-1")
        try host.writeThread(1, core: 0, siblings: "0-1")
        try host.writeThread(2, core: 8, siblings: "2")
        try host.writeThread(3, core: 9, siblings: "3")
        try host.tree.write("sys/devices/cpu_core/cpus", "0-1\n")
        try host.tree.write("sys/devices/cpu_atom/cpus", "2-3\n")
        let topology = try host.probe.identity().topology
        #expect(
            topology.coreTypes == [
                CoreType(name: "P-core", cores: 1, cpus: [0, 1]), CoreType(name: "E-core", cores: 2, cpus: [2, 3]),
            ])
    }

    @Test("clusters by the scheduler's capacity, the strongest first; equal capacities are one kind")
    func clusters() throws {
        let host = try HostFixture()
        try host.writeArm(parts: [0xD05, 0xD05, 0xD41])
        for number in 0..<3 {
            try host.writeThread(number, package: -1, core: number, siblings: "\(number)")
            try host.tree.write("sys/devices/system/cpu/cpu\(number)/cpu_capacity", number == 2 ? "1024\n" : "446\n")
        }
        let topology = try host.probe.identity().topology
        #expect(topology.sockets == 1)
        #expect(
            topology.coreTypes == [
                CoreType(name: "capacity 1024", cores: 1, cpus: [2]),
                CoreType(name: "capacity 446", cores: 2, cpus: [0, 1]),
            ])
        for number in 0..<3 { try host.tree.write("sys/devices/system/cpu/cpu\(number)/cpu_capacity", "1024\n") }
        #expect(try host.probe.identity().topology.coreTypes.isEmpty)
    }

    @Test(
        "lists of CPUs that are no lists, or ask for the moon, are left out",
        arguments: ["0-99999999", "x", "3-1", "-1", "0,,1"])
    func badLists(text: String) throws {
        let host = try HostFixture()
        try host.writeX86()
        try host.tree.write("sys/devices/system/node/node0/cpulist", text)
        #expect(try host.probe.identity().topology.numaNodes.isEmpty)
    }

    private static let boxes = Comment(rawValue: SharedBoxes.reason)

    @Test("intel-hybrid-6p8e: 6 P-cores with two threads, 8 E-cores", .enabled(if: SharedBoxes.arePresent, boxes))
    func hybridBox() throws {
        let identity = try HostProbe(root: try SharedBoxes.root("intel-hybrid-6p8e")).identity()
        #expect(identity.cpuModel == "13th Gen Intel(R) Core(TM) i7-1370P" && identity.microcode == "0x4119")
        #expect(identity.instructionSet == "avx2" && identity.ratedFlopsPerCyclePerCore == 32)
        #expect(identity.hypervisor == nil)
        #expect(identity.memoryBytes == 32_489_496 * 1024)
        let topology = identity.topology
        #expect(topology.sockets == 1 && topology.cores == 14 && topology.threads == 20)
        #expect(
            topology.coreTypes == [
                CoreType(name: "P-core", cores: 6, cpus: Array(0..<12)),
                CoreType(name: "E-core", cores: 8, cpus: Array(12..<20)),
            ])
        #expect(topology.numaNodes == [NUMANode(number: 0, cpus: Array(0..<20))])
    }

    @Test("arm64-two-clusters: eight cores of one implementer", .enabled(if: SharedBoxes.arePresent, boxes))
    func armBox() throws {
        let probe = HostProbe(root: try SharedBoxes.root("arm64-two-clusters"))
        let identity = try probe.identity()
        #expect(identity.architecture == "aarch64" && identity.cpuModel == "Apple part 0x0")
        #expect(identity.instructionSet == "asimd" && identity.ratedFlopsPerCyclePerCore == 32)
        #expect(identity.topology.threads == 8 && identity.topology.cores == 8 && identity.topology.sockets == 1)
        #expect(try probe.counters().stealSeconds == 0)
        #expect(abs(try probe.processorTimes().user - 339_273.86) < 1e-6)
    }
}
