import Host
import ProbeKit
import SystemIO
import SystemPackage
import TestSupport
import Testing

/// The made-up boxes that every clone has, as they lie and with their links flattened.
@Suite("host of the fixture boxes")
struct FixtureBoxTests {
    @Test func serverHasTwoSocketsAndTwoNodes() throws {
        try FixtureBoxes.eachWay("xeon-two-socket-dram") { root in
            let probe = HostProbe(root: root)
            let identity = try probe.identity()
            #expect(identity.cpuModel == "Fixture Server CPU @ 2.40GHz" && identity.microcode == "0x5fe0001")
            #expect(identity.cpuFamily == 6 && identity.cpuModelNumber == 85 && identity.cpuStepping == 7)
            #expect(identity.instructionSet == "avx512f" && identity.ratedFlopsPerCyclePerCore == 64)
            #expect(identity.hypervisor == nil && identity.kernelRelease == "6.1.0-fixture")
            #expect(identity.memoryBytes == 131_923_456 * 1024)
            let topology = identity.topology
            #expect(topology.sockets == 2 && topology.cores == 4 && topology.threads == 8)
            #expect(topology.coreTypes.isEmpty)
            #expect(
                topology.numaNodes == [
                    NUMANode(number: 0, cpus: [0, 1, 4, 5]), NUMANode(number: 1, cpus: [2, 3, 6, 7]),
                ])
            // Threads of a core show one counter, and so do the cores of a package.
            let counters = try probe.counters()
            #expect(counters.coreThrottleCount == 3 + 0 + 2 + 4 && counters.packageThrottleCount == 11 + 6)
            #expect(counters.stealSeconds == 0)
            #expect(abs(try probe.processorTimes().user - 8220) < 1e-6)
            #expect(try probe.loadAverages() == [1.25, 0.75, 0.5])
        }
    }

    /// Processors that are off line have no topology, and a node with nothing but memory has no processor.
    @Test func diesAndNodesOfAServer() throws {
        try FixtureBoxes.eachWay("epyc-multi-die") { root in
            let identity = try HostProbe(root: root).identity()
            #expect(identity.cpuVendor == "AuthenticAMD" && identity.instructionSet == "avx512_bf16")
            #expect(identity.ratedFlopsPerCyclePerCore == 32)
            #expect(identity.topology.sockets == 2 && identity.topology.cores == 4 && identity.topology.threads == 4)
            #expect(identity.topology.numaNodes.map(\.cpus) == [[0], [1], [2], [3], []])
            let counters = try HostProbe(root: root).counters()
            #expect(counters.coreThrottleCount == nil && counters.packageThrottleCount == nil)
        }
    }

    private static let kinds = [
        CoreType(name: "P-core", cores: 2, cpus: [0, 1, 2, 3]), CoreType(name: "E-core", cores: 4, cpus: [4, 5, 6, 7]),
    ]

    @Test func hybridLaptopHasTwoKindsOfCore() throws {
        try FixtureBoxes.eachWay("hybrid-laptop-battery") { root in
            let probe = HostProbe(root: root)
            let identity = try probe.identity()
            #expect(identity.cpuModel == "Fixture Hybrid Mobile CPU" && identity.hypervisor == nil)
            #expect(identity.instructionSet == "avx2" && identity.ratedFlopsPerCyclePerCore == 32)
            #expect(identity.memoryBytes == 32_768_000 * 1024)
            let topology = identity.topology
            #expect(topology.sockets == 1 && topology.cores == 6 && topology.threads == 8)
            #expect(topology.coreTypes == Self.kinds)
            #expect(topology.numaNodes == [NUMANode(number: 0, cpus: Array(0..<8))])
            let counters = try probe.counters()
            #expect(counters.coreThrottleCount == 2 + 7 + 0 + 0 + 1 + 0 && counters.packageThrottleCount == 21)
        }
    }

    /// Without the PMUs the caches show the kinds, and the higher maximum frequency shows which is the performance core.
    @Test(arguments: [false, true]) func cachesShowTheKindsOfCore(flattened: Bool) throws {
        let box = try FixtureBoxes.copy("hybrid-laptop-battery", flattened: flattened)
        for device in ["cpu_core", "cpu_atom"] { try box.remove("sys/devices/\(device)") }
        #expect(HostProbe(root: box.root).coreTypes() == Self.kinds)
        // One size for all: one kind.
        for cpu in 0..<8 {
            try box.write(
                under: "sys/devices/system/cpu/cpu\(cpu)/cache",
                ["index0/size": "32K", "index1/size": "32K", "index2/size": "2048K"])
        }
        #expect(HostProbe(root: box.root).coreTypes().isEmpty)
    }

    /// A CPU that is not in the table of names, and no topology.
    @Test func arm64WithoutNames() throws {
        let probe = HostProbe(root: try FixtureBoxes.root("arm64-frequencies-only"))
        let identity = try probe.identity()
        #expect(identity.architecture == "aarch64" && identity.cpuModel == "Apple part 0x22 + Apple part 0x23")
        #expect(identity.instructionSet == "asimd" && identity.ratedFlopsPerCyclePerCore == 32)
        #expect(identity.topology.threads == 8 && identity.topology.cores == 8 && identity.topology.sockets == 1)
        #expect(identity.topology.coreTypes.isEmpty && identity.topology.basis.contains("cpuinfo"))
        #expect(identity.memoryBytes == nil && identity.kernelRelease == nil)
        #expect(try probe.counters().stealSeconds == 0)
        #expect(abs(try probe.processorTimes().user - 274_800) < 1e-6)
    }

    @Test func clustersOfAnARMBoard() throws {
        try FixtureBoxes.eachWay("arm64-big-little") { root in
            let identity = try HostProbe(root: root).identity()
            #expect(identity.cpuModel == "Arm Cortex-A55 + Arm Cortex-A76" && identity.cpuVendor == "Arm")
            #expect(identity.ratedFlopsPerCyclePerCore == 16)
            // Its package number is -1.
            #expect(identity.topology.sockets == 1 && identity.topology.cores == 8)
            #expect(
                identity.topology.coreTypes == [
                    CoreType(name: "capacity 1024", cores: 4, cpus: [4, 5, 6, 7]),
                    CoreType(name: "capacity 430", cores: 4, cpus: [0, 1, 2, 3]),
                ])
        }
    }

    @Test(arguments: [
        ("jetson-ina3221", "Arm Cortex-A78AE", 6, 7_802_880), ("raspberry-pi", "Arm Cortex-A76", 4, 8_245_248),
    ])
    func boardsWithOneKindOfCore(name: String, model: String, cores: Int, kibibytes: Int) throws {
        try FixtureBoxes.eachWay(name) { root in
            let identity = try HostProbe(root: root).identity()
            #expect(identity.cpuModel == model && identity.topology.cores == cores)
            #expect(identity.topology.sockets == 1 && identity.topology.threads == cores)
            #expect(identity.topology.coreTypes.isEmpty, "equal capacities are one kind")
            #expect(identity.memoryBytes == kibibytes * 1024 && identity.hypervisor == nil)
        }
    }

    /// Arm has no counters of throttling: cooling devices of the processors, not of the fan, and a board's firmware show it.
    @Test(
        arguments: [
            ("arm64-big-little", ["cpufreq-cpu0", "cpufreq-cpu4", "cpufreq-cpu6"], [0, 1, 0]),
            ("jetson-ina3221", ["thermal-cpufreq-0"], [0]),
            ("raspberry-pi", ["firmware", "low voltage"], [0x50000, 0]),
            ("xeon-two-socket-dram", [], []),
        ] as [(String, [String], [UInt64])])
    func whatSlowsTheProcessorsOfABoard(name: String, sources: [String], values: [UInt64]) throws {
        try FixtureBoxes.eachWay(name) { root in
            let reader = try HostProbe(root: root).counterReader()
            let states = try reader.coolingStates()
            #expect(states.map(\.name) == sources && states.map(\.state) == values)
            let counters = try reader.read()
            #expect(counters.coolingChangeCount == (sources.isEmpty ? nil : 0) && counters.canShowThrottling)
            #expect(sources.isEmpty || counters.coreThrottleCount == nil)
        }
    }

    @Test func aChangeOfWhatSlowsTheProcessorsIsCountedOnce() throws {
        let box = try FixtureBoxes.copy("arm64-big-little")
        let reader = try HostProbe(root: box.root).counterReader()
        let write = { (device: Int, file: String, value: Int) throws in
            try box.write("sys/devices/virtual/thermal/cooling_device\(device)/\(file)", "\(value)\n")
        }
        #expect(try reader.coolingChangeCount() == 0)
        try write(2, "cur_state", 3)
        #expect(try reader.coolingChangeCount() == 1 && reader.coolingChangeCount() == 1)
        // It came and went between two readings.
        try write(1, "stats/total_trans", 2)
        #expect(try reader.coolingChangeCount() == 2)
        // A fan's speed slows nothing.
        try write(0, "cur_state", 4)
        #expect(try reader.coolingChangeCount() == 2)
        try write(3, "cur_state", -1)
        let error = #expect(throws: KerfError.self) { try reader.coolingChangeCount() }
        #expect(error?.code == .invalidReading)
    }

    @Test func firmwareWritesItsStateInHexadecimal() throws {
        let box = try FixtureBoxes.copy("raspberry-pi")
        let reader = try HostProbe(root: box.root).counterReader()
        let file = "sys/devices/platform/soc/soc:firmware/get_throttled"
        #expect(try reader.coolingChangeCount() == 0)
        try box.write(file, "0xe0008\n")
        #expect(try reader.coolingStates().first?.state == 0xE0008 && reader.coolingChangeCount() == 1)
        // What has happened is forgotten when the kernel has asked for it.
        try box.write(file, "0x8\n")
        #expect(try reader.coolingChangeCount() == 1)
        try box.write(file, "soon\n")
        #expect(throws: KerfError.self) { try reader.coolingStates() }
    }

    @Test func aFileThatCannotBeOpenedHidesNoOther() throws {
        let box = try FixtureBoxes.copy("arm64-big-little")
        // A link to itself.
        let count = "sys/devices/virtual/thermal/cooling_device2/stats/total_trans"
        try box.remove(count)
        try box.link(count, "total_trans")
        let reader = try HostProbe(root: box.root).counterReader()
        #expect(reader.coolingFailure?.location?.hasSuffix("cooling_device2/stats/total_trans") == true)
        #expect(try reader.read().coolingChangeCount == 0 && reader.coolingStates().count == 3)
        let doctor = HostProbe(root: box.root).readings()
        #expect(doctor.failures.contains { $0.location?.hasSuffix("total_trans") == true })
        #expect(doctor.readings.count { $0.sensor.hasPrefix("cooling") } == 3)
    }

    /// Most boards of Arm have thermal zones and no chip for them.
    @Test func temperatureOfAProcessorIsFoundByItsName() throws {
        for name in ["arm64-big-little", "jetson-ina3221", "raspberry-pi"] {
            try FixtureBoxes.eachWay(name) { root in
                let file = try #require(try HostProbe(root: root).processorTemperature())
                let milliDegrees = try file.integer()
                #expect(file.path.lastComponent == "temp1_input" && (20_000..<110_000).contains(milliDegrees))
            }
        }
        let box = try FixtureBoxes.copy("jetson-ina3221")
        try box.remove("sys/class/hwmon")
        let zone = "sys/devices/virtual/thermal/thermal_zone"
        try box.write("\(zone)0/type", "soc0-thermal\n")
        for (number, type) in [(1, "GPU-therm"), (2, "bigcore0-thermal"), (3, "CPU-therm")] {
            try box.write(
                under: "sys/class/thermal/thermal_zone\(number)", ["type": type, "temp": "\(40_000 + number)"])
        }
        let probe = HostProbe(root: box.root)
        #expect(try probe.processorTemperature()?.integer() == 40_003)
        try box.remove("sys/class/thermal/thermal_zone3")
        #expect(try probe.processorTemperature()?.integer() == 40_002)
        try box.remove("sys/class/thermal/thermal_zone2")
        #expect(try probe.processorTemperature()?.path.string.hasSuffix("thermal_zone0/temp") == true)
        try box.write("\(zone)0/type", "GPU-therm\n")
        #expect(try probe.processorTemperature() == nil)
    }

    @Test func guestNamesItsHypervisorAndItsStealTime() throws {
        let probe = HostProbe(root: try FixtureBoxes.root("kvm-guest"))
        let identity = try probe.identity()
        #expect(identity.hypervisor == "QEMU Standard PC")
        #expect(identity.instructionSet == "avx512_bf16" && identity.topology.sockets == 2)
        let counters = try probe.counters()
        #expect(counters.stealSeconds == 12.34 && counters.coreThrottleCount == nil)
        // Without firmware tables its clock names it.
        let box = try FixtureBoxes.copy("kvm-guest")
        try box.remove("sys/class/dmi")
        #expect(try HostProbe(root: box.root).identity().hypervisor == "KVM")
    }

    @Test func firstZenHasHalfTheThroughput() throws {
        let identity = try HostProbe(root: try FixtureBoxes.root("threadripper-mirrored-dies")).identity()
        #expect(identity.ratedFlopsPerCyclePerCore == 16 && identity.topology.cores == 2)
    }

    /// Without a topology every processor's counter is added.
    @Test func throttleCountsWithoutATopology() throws {
        try FixtureBoxes.eachWay("desktop-odd-sensors") { root in
            let counters = try HostProbe(root: root).counters()
            #expect(counters.coreThrottleCount == 4 + 1 + 0 + 7 && counters.packageThrottleCount == 25 + 25 + 8 + 8)
            #expect(counters.stealSeconds == nil)
        }
    }

    @Test(arguments: ["desktop-odd-sensors", "thinkpad-partial-capture"])
    func capturesWithoutProcFilesHaveNoIdentity(name: String) throws {
        let probe = HostProbe(root: try FixtureBoxes.root(name))
        #expect(probe.availability().status == .absent && probe.availability().remedy != nil)
        #expect(probe.coreTypes().isEmpty)
    }
}
