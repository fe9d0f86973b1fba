import CPUFreq
import ProbeKit
import SystemIO
import TestSupport
import Testing

@Suite struct PolicyTests {
    private static let top = "sys/devices/system/cpu"

    @Test func kilohertzBecomeHertz() throws {
        let box = try FixtureTree()
        try box.write(
            under: "\(Self.top)/cpufreq/policy0",
            [
                "affected_cpus": "0 1", "related_cpus": "0 1 2", "scaling_driver": "acpi-cpufreq",
                "scaling_governor": "ondemand", "cpuinfo_min_freq": "800000", "cpuinfo_max_freq": "2600000",
                "scaling_min_freq": "800000", "scaling_max_freq": "2400000", "scaling_cur_freq": "1200000",
                "scaling_available_frequencies": "2600000 1200000 800000 ",
            ])
        let policy = try #require(CPUFreqProbe(root: box.root).policies().first)
        #expect(policy.name == "policy0")
        #expect(policy.cpus == [0, 1])
        #expect(policy.driver == "acpi-cpufreq")
        #expect(policy.governor == "ondemand")
        #expect(policy.hardwareMinimumHertz == 8e8)
        #expect(policy.hardwareMaximumHertz == 2.6e9)
        #expect(policy.scalingMinimumHertz == 8e8)
        #expect(policy.scalingMaximumHertz == 2.4e9)
        #expect(policy.currentHertz == 1.2e9)
        #expect(policy.availableHertz == [8e8, 1.2e9, 2.6e9])
        #expect(policy.isSettable)
    }

    @Test(arguments: ["<unsupported>", "<unknown>", "", "0", "-800000", "fast", "99999999999999999999"])
    func whatIsNoClockIsNil(text: String) throws {
        let box = try FixtureTree()
        try box.write(under: "\(Self.top)/cpufreq/policy3", ["scaling_cur_freq": text, "scaling_max_freq": text])
        let probe = CPUFreqProbe(root: box.root)
        let policy = try #require(probe.policies().first)
        #expect(policy.currentHertz == nil)
        #expect(policy.scalingMaximumHertz == nil)
        #expect(policy.availableHertz.isEmpty)
        #expect(policy.cpus == [3])
        #expect(probe.readings().readings.isEmpty)
        #expect(probe.readings().failures.count == 1)
    }

    @Test func policyWithoutAnyAttributeSurvives() throws {
        let box = try FixtureTree()
        try box.directory("\(Self.top)/cpufreq/policy0")
        let policy = try #require(CPUFreqProbe(root: box.root).policies().first)
        #expect(!policy.isSettable)
        #expect(policy.governor == nil)
    }

    /// The kernel keeps the directory of a policy whose processors are all off line, and the links to it.
    @Test func policyWithoutAProcessorOnLineIsLeftOut() throws {
        let box = try FixtureTree()
        for (place, affected) in [("cpufreq/policy0", "0"), ("cpufreq/policy1", "")] {
            try box.write(
                under: "\(Self.top)/\(place)",
                ["affected_cpus": affected, "related_cpus": "1", "scaling_cur_freq": "1200000"])
        }
        let probe = CPUFreqProbe(root: box.root)
        #expect(probe.policies().map(\.name) == ["policy0"])
        #expect(probe.readings().readings.count == 1 && probe.readings().failures.isEmpty)
        let older = try FixtureTree()
        for (cpu, affected) in [(0, "0"), (1, "")] {
            try older.write(
                under: "\(Self.top)/cpu\(cpu)/cpufreq", ["affected_cpus": affected, "related_cpus": "\(cpu)"])
        }
        #expect(CPUFreqProbe(root: older.root).policies().map(\.name) == ["cpu0"])
    }

    @Test func processorsWithoutPoliciesAreGroupedByWhatTheyName() throws {
        let box = try FixtureTree()
        for (cpu, related) in [(0, "0 1"), (1, "0 1"), (2, "2 10"), (10, "2 10"), (3, "0"), (4, "")] {
            try box.write(
                under: "\(Self.top)/cpu\(cpu)/cpufreq", ["related_cpus": related, "scaling_cur_freq": "\(cpu + 1)000"])
        }
        let policies = CPUFreqProbe(root: box.root).policies()
        #expect(policies.map(\.name) == ["cpu0", "cpu2", "cpu3", "cpu4"])
        #expect(policies.map(\.cpus) == [[0, 1], [2, 10], [3], [4]])
    }

    @Test func policiesComeInTheOrderOfTheirNumbers() throws {
        let box = try FixtureTree()
        for number in [10, 9, 0] { try box.directory("\(Self.top)/cpufreq/policy\(number)") }
        // A file, and names that only begin alike.
        try box.write("\(Self.top)/cpufreq/policy5", "")
        try box.directory("\(Self.top)/cpufreq/policyX")
        #expect(CPUFreqProbe(root: box.root).policies().map(\.name) == ["policy0", "policy9", "policy10"])
    }

    /// A driver that is loaded and hidden is not one that is missing.
    @Test(arguments: ["cpufreq/policy0", "cpu0/cpufreq", "cpufreq"])
    func hiddenPoliciesAreMasked(place: String) throws {
        let box = try FixtureTree()
        try box.link("\(Self.top)/\(place)", "../../nowhere/policy0")
        let availability = CPUFreqProbe(root: box.root).availability()
        #expect(availability.status == .masked && availability.reason.contains(place))
        #expect(availability.remedy?.description.contains("firmware") == false)
    }

    /// One hidden policy does not hide the others.
    @Test func aHiddenPolicyIsNoObstacle() throws {
        let box = try FixtureTree()
        try box.write(under: "\(Self.top)/cpufreq/policy0", ["affected_cpus": "0", "scaling_cur_freq": "1200000"])
        try box.link("\(Self.top)/cpufreq/policy1", "../../nowhere/policy1")
        #expect(CPUFreqProbe(root: box.root).availability().status == .present)
    }

    /// A directory stands for a file whose read fails.
    @Test func policiesThatFailAreBroken() throws {
        let box = try FixtureTree()
        for attribute in ["scaling_max_freq", "scaling_cur_freq"] {
            try box.directory("\(Self.top)/cpufreq/policy0/\(attribute)")
        }
        let probe = CPUFreqProbe(root: box.root)
        let availability = probe.availability()
        #expect(availability.status == .broken && availability.remedy != nil)
        #expect(probe.readings().failures.map(\.code) == [.ioError])
        // One frequency that is left makes it a policy.
        try box.write("\(Self.top)/cpufreq/policy0/cpuinfo_max_freq", "2600000\n")
        #expect(probe.availability().status == .present)
    }

    @Test(arguments: ["4294967295", "100000001", "9223372036854775807"])
    func aFrequencyOfNoProcessorIsNotBelieved(kilohertz: String) throws {
        let box = try FixtureTree()
        try box.write(
            under: "\(Self.top)/cpufreq/policy0", ["scaling_max_freq": "2600000", "scaling_cur_freq": kilohertz])
        let probe = CPUFreqProbe(root: box.root)
        #expect(probe.policies().first?.currentHertz == nil)
        #expect(probe.readings().failures.map(\.code) == [.implausibleReading])
    }

    @Test func absenceOnAVirtualMachineSaysSo() throws {
        let box = try FixtureTree()
        try box.write("proc/cpuinfo", "flags\t\t: fpu hypervisor\n")
        // The kernel makes the directory also where no driver fills it.
        try box.directory("\(Self.top)/cpufreq")
        let availability = CPUFreqProbe(root: box.root).availability()
        #expect(availability.status == .absent)
        #expect(availability.reason.contains("virtual machine"))
        #expect(availability.remedy == .hostOrVirtualBoard)
    }
}

@Suite(.enabled(if: SharedBoxes.arePresent, "\(SharedBoxes.reason)"))
struct SharedBoxPolicyTests {
    private func eachWay(_ box: String, _ check: ([CPUFreqPolicy]) throws -> Void) throws {
        try check(CPUFreqProbe(root: try SharedBoxes.root(box)).policies())
        let copy = try SharedBoxes.materialised(box)
        try check(CPUFreqProbe(root: copy.root).policies())
    }

    @Test func clustersOfAnArmBoxHaveTheirOwnFrequencies() throws {
        try eachWay("arm64-two-clusters") { policies in
            #expect(policies.map(\.cpus) == (0..<8).map { [$0] })
            #expect(policies.map(\.currentHertz) == [912e6, 912e6, 912e6, 912e6, 702e6, 702e6, 2208e6, 2208e6])
            #expect(policies.allSatisfy { $0.scalingMaximumHertz == nil && !$0.isSettable })
        }
    }

    @Test func hybridCoresDiffer() throws {
        try eachWay("intel-hybrid-6p8e") { policies in
            #expect(policies.map(\.name) == (0..<20).map { "policy\($0)" })
            #expect(policies.map(\.cpus) == (0..<20).map { [$0] })
            #expect(policies[4].hardwareMaximumHertz == 5.2e9)
            #expect(policies[12].hardwareMaximumHertz == 3.9e9)
            #expect(policies.allSatisfy { $0.driver == "intel_pstate" && $0.governor == "powersave" })
        }
    }

    /// Every processor of this capture names processor 0 as its group, though each has its own frequency.
    @Test func processorsOfTheMixedClientStandAlone() throws {
        try eachWay("mixed-client") { policies in
            #expect(policies.map(\.cpus) == [[0], [1], [2], [3]])
            #expect(policies.map(\.scalingMaximumHertz) == [3.7e9, 3.7e9, 4.2e9, 4.2e9])
            #expect(policies[0].hardwareMaximumHertz == nil)
        }
    }
}
