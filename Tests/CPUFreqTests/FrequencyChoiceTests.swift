import CPUFreq
import Host
import ProbeKit
import SystemIO
import TestSupport
import Testing

@Suite struct FrequencyChoiceTests {
    /// One policy with a table, one with a range, as performance and efficiency cores have.
    private func hybrid() throws -> (FixtureTree, [CPUFreqPolicy]) {
        let box = try FixtureTree()
        let top = "sys/devices/system/cpu/cpufreq"
        try box.write(
            under: "\(top)/policy0",
            [
                "affected_cpus": "0 1", "scaling_min_freq": "1000000", "scaling_max_freq": "4000000",
                "scaling_available_frequencies": "5000000 4000000 3000000 2000000 1000000 500000",
            ])
        try box.write(
            under: "\(top)/policy2",
            ["affected_cpus": "2 3", "scaling_min_freq": "800000", "scaling_max_freq": "2400000"])
        return (box, CPUFreqProbe(root: box.root).policies())
    }

    @Test func everyPolicyTakesItsOwnSteps() throws {
        let (_, policies) = try hybrid()
        let setpoints = try FrequencyChoice.all.setpoints(of: policies)
        #expect(setpoints.map(\.hertz) == [1e9, 2e9, 3e9, 4e9], "frequencies outside the policy's limits are left out")
        #expect(setpoints.map { $0.policyHertz["policy0"] } == [1e9, 2e9, 3e9, 4e9])
        // The same share of its own maximum frequency, 2.4 GHz, and never below its own lowest.
        #expect(setpoints.map { $0.policyHertz["policy2"] } == [8e8, 1.2e9, 1.8e9, 2.4e9])
    }

    @Test func aNumberOfStepsKeepsBothEnds() throws {
        let (_, policies) = try hybrid()
        #expect(try FrequencyChoice.count(2).setpoints(of: policies).map(\.hertz) == [1e9, 4e9])
        #expect(try FrequencyChoice.count(3).setpoints(of: policies).map(\.hertz).count == 3)
        #expect(try FrequencyChoice.count(100).setpoints(of: policies).map(\.hertz) == [1e9, 2e9, 3e9, 4e9])
        let range = Array(policies.suffix(1))
        #expect(try FrequencyChoice.count(5).setpoints(of: range).map(\.hertz) == [0.8e9, 1.2e9, 1.6e9, 2e9, 2.4e9])
        #expect(try FrequencyChoice.all.setpoints(of: range).count == FrequencyChoice.rangeCount)
    }

    private let kinds = [(name: "P-core", cpus: [0, 1]), (name: "E-core", cpus: [2, 3])]

    @Test func everyKindOfCoreIsAGroupWithItsOwnSteps() throws {
        let (_, policies) = try hybrid()
        let groups = try FrequencyChoice.all.groups(of: policies, kinds: kinds)
        #expect(groups.map(\.name) == ["P-core", "E-core"] && groups.map(\.cpus) == [[0, 1], [2, 3]])
        #expect(groups[0].setpoints.map(\.policyHertz) == [1e9, 2e9, 3e9, 4e9].map { ["policy0": $0] })
        // Its own range, not ratios of the others' frequencies.
        #expect(groups[1].setpoints.count == FrequencyChoice.rangeCount)
        #expect(groups[1].setpoints.first?.policyHertz == ["policy2": 8e8] && groups[1].setpoints.last?.hertz == 2.4e9)
        let three = try FrequencyChoice.count(3).groups(of: policies, kinds: kinds)
        #expect(three[1].setpoints.map(\.hertz) == [0.8e9, 1.6e9, 2.4e9])
        // Clocks that were named are the fast cores'; the others take the same shares of their own.
        let named = try FrequencyChoice.list([2e9, 4e9]).groups(of: policies, kinds: kinds)
        #expect(named.map { $0.setpoints.map(\.hertz) } == [[2e9, 4e9], [1.2e9, 2.4e9]])
    }

    @Test func whereCoresCannotBeToldApartByClockThereAreNoGroups() throws {
        let (_, policies) = try hybrid()
        #expect(try FrequencyChoice.all.groups(of: policies, kinds: []).isEmpty)
        #expect(try FrequencyChoice.all.groups(of: policies, kinds: [(name: "all", cpus: [0, 1, 2, 3])]).isEmpty)
        // One policy for cores of both kinds.
        let shared = [(name: "P-core", cpus: [0]), (name: "E-core", cpus: [1, 2, 3])]
        #expect(try FrequencyChoice.all.groups(of: policies, kinds: shared).isEmpty)
    }

    @Test func aKindWithOneStepIsNotSwept() throws {
        let (box, _) = try hybrid()
        try box.write("sys/devices/system/cpu/cpufreq/policy2/scaling_min_freq", "2400000")
        let policies = CPUFreqProbe(root: box.root).policies()
        #expect(try FrequencyChoice.all.groups(of: policies, kinds: kinds).map(\.name) == ["P-core"])
    }

    /// Real boxes: core types as the kernel reports them, setpoints from their policies.
    @Test(.enabled(if: SharedBoxes.arePresent, Comment(rawValue: SharedBoxes.reason)))
    func realHybridsAreSweptByKind() throws {
        let intel = try groups(of: SharedBoxes.materialised("intel-hybrid-6p8e"))
        #expect(intel.map(\.name) == ["P-core", "E-core"])
        #expect(intel.map(\.cpus) == [Array(0...11), Array(12...19)])
        #expect(intel.map { Set($0.setpoints.flatMap(\.policyHertz.keys)).count } == [12, 8])
        #expect(intel.map { $0.setpoints.first?.hertz } == [0.4e9, 0.4e9])
        #expect(intel.map { $0.setpoints.last?.hertz } == [5.2e9, 3.9e9])
        // Some performance cores have a higher frequency than the others.
        #expect(intel[0].setpoints.last?.policyHertz["policy0"] == 5e9)
        #expect(intel[0].setpoints.last?.policyHertz["policy4"] == 5.2e9)

        // This one was captured without capacities and limits: one kind of core, as far as it tells.
        let arm = try SharedBoxes.materialised("arm64-two-clusters")
        #expect(try groups(of: arm).isEmpty)
        for cpu in 0..<8 {
            let directory = "sys/devices/system/cpu/cpu\(cpu)"
            try arm.write(
                under: directory,
                ["cpu_capacity": cpu < 4 ? "446" : "1024", "topology/core_cpus_list": "\(cpu)"])
            try arm.write(
                under: "\(directory)/cpufreq",
                [
                    "affected_cpus": cpu < 4 ? "0 1 2 3" : "4 5 6 7", "scaling_min_freq": "600000",
                    "scaling_max_freq": cpu < 4 ? "2064000" : "3204000",
                ])
        }
        let clusters = try groups(of: arm)
        #expect(clusters.map(\.name) == ["capacity 1024", "capacity 446"])
        #expect(clusters.map(\.cpus) == [[4, 5, 6, 7], [0, 1, 2, 3]])
        #expect(clusters.map { $0.setpoints.last?.hertz } == [3.204e9, 2.064e9])
    }

    private func groups(of box: FixtureTree) throws -> [CoreGroup] {
        try FrequencyChoice.all.groups(
            of: CPUFreqProbe(root: box.root).policies(),
            kinds: HostProbe(root: box.root).coreTypes().map { (name: $0.name, cpus: $0.cpus) })
    }

    @Test func aListNamesOfferedFrequencies() throws {
        let (_, policies) = try hybrid()
        #expect(try FrequencyChoice.list([3e9, 1e9]).setpoints(of: policies).map(\.hertz) == [1e9, 3e9])
        for (list, word) in [
            ([1e9, 2.5e9], "2.5 GHz"), ([5e9, 1e9], "1.0, 2.0, 3.0, 4.0 GHz"), ([1e9, 1e9], "two frequencies"),
        ] {
            let error = #expect(throws: KerfError.self) { try FrequencyChoice.list(list).setpoints(of: policies) }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
        #expect(throws: KerfError.self) { try FrequencyChoice.all.setpoints(of: []) }
    }
}
