import CPUFreq
import Host
import ProbeKit
import TestSupport
import Testing

/// The made-up boxes that every clone has, as they lie and with their links flattened.
@Suite("cpufreq of the fixture boxes")
struct FixtureBoxTests {
    private func eachWay(_ box: String, _ check: ([CPUFreqPolicy]) throws -> Void) throws {
        try FixtureBoxes.eachWay(box) { try check(CPUFreqProbe(root: $0).policies()) }
    }

    @Test func everyProcessorOfAServerHasAPolicy() throws {
        try eachWay("xeon-two-socket-dram") { policies in
            #expect(policies.map(\.name) == (0..<8).map { "policy\($0)" })
            #expect(policies.map(\.cpus) == (0..<8).map { [$0] })
            #expect(policies.map(\.currentHertz) == (0..<8).map { 2.4e9 + 1e6 * Double($0) })
            #expect(policies.allSatisfy { $0.driver == "intel_pstate" && $0.governor == "performance" })
            #expect(policies.allSatisfy { $0.scalingMinimumHertz == 1e9 && $0.hardwareMaximumHertz == 3.6e9 })
        }
    }

    /// The kernel keeps the policies of processors that are off line.
    @Test func stepsAndLimitsOfAServer() throws {
        try eachWay("epyc-multi-die") { policies in
            #expect(policies.map(\.cpus) == [[0], [1], [2], [3]])
            #expect(policies.allSatisfy { $0.availableHertz == [1.5e9, 2.4e9, 3.4e9] })
            #expect(policies.map(\.scalingMaximumHertz) == [3.4e9, 2.4e9, 3.4e9, 3.4e9])
            let steps = try FrequencyChoice.all.steps(of: policies)
            // A policy with a lower limit takes the steps that it has.
            #expect(steps.map(\.hertz) == [1.5e9, 2.4e9, 3.4e9])
            #expect(steps.map { $0.policyHertz["policy1"] } == [1.5e9, 1.5e9, 2.4e9])
        }
    }

    @Test func hybridCoresDiffer() throws {
        try eachWay("hybrid-laptop-battery") { policies in
            #expect(policies.map(\.cpus) == (0..<8).map { [$0] })
            #expect(policies.map(\.hardwareMaximumHertz) == [4.6e9, 4.6e9, 4.9e9, 4.9e9, 3.5e9, 3.5e9, 3.5e9, 3.5e9])
            #expect(policies.allSatisfy { $0.driver == "intel_pstate" && $0.governor == "powersave" })
        }
    }

    @Test func frequenciesAloneAreRead() throws {
        try eachWay("arm64-frequencies-only") { policies in
            #expect(policies.map(\.name) == (0..<8).map { "cpu\($0)" })
            #expect(policies.map(\.cpus) == (0..<8).map { [$0] })
            #expect(policies.map(\.currentHertz) == [972e6, 972e6, 972e6, 972e6, 1332e6, 1332e6, 3036e6, 3036e6])
            #expect(policies.allSatisfy { $0.scalingMaximumHertz == nil && !$0.isSettable })
        }
    }

    @Test func clustersShareAPolicy() throws {
        try eachWay("arm64-big-little") { policies in
            #expect(policies.map(\.name) == ["policy0", "policy4", "policy6"])
            #expect(policies.map(\.cpus) == [[0, 1, 2, 3], [4, 5], [6, 7]])
            #expect(policies.map(\.currentHertz) == [1.2e9, 2.4e9, 0.408e9])
            #expect(policies.map { $0.availableHertz.last } == [1.8e9, 2.4e9, 2.352e9])
        }
    }

    @Test func stepsBelowTheLimitAreLeftAlone() throws {
        try eachWay("jetson-ina3221") { (policies) throws in
            #expect(policies.map(\.cpus) == [[0, 1, 2, 3], [4, 5]])
            #expect(policies.allSatisfy { $0.availableHertz.first == 0.1152e9 })
            #expect(try FrequencyChoice.all.steps(of: policies).map(\.hertz) == [0.7296e9, 1.1136e9, 1.5104e9])
        }
    }

    @Test func boardWithOnePolicy() throws {
        try eachWay("raspberry-pi") { (policies) throws in
            #expect(policies.map(\.cpus) == [[0, 1, 2, 3]])
            #expect(policies.first?.availableHertz.count == 10)
            #expect(try FrequencyChoice.count(4).steps(of: policies).map(\.hertz) == [1.5e9, 1.8e9, 2.1e9, 2.4e9])
        }
    }

    /// Every processor here names processor 0 as its group, and has a frequency of its own.
    @Test func processorsThatNameAnotherGroupStandAlone() throws {
        try eachWay("desktop-odd-sensors") { policies in
            #expect(policies.map(\.cpus) == [[0], [1], [2], [3]])
            #expect(policies.map(\.scalingMaximumHertz) == [3.5e9, 3.5e9, 4e9, 4e9])
            #expect(policies.map(\.currentHertz) == [1_599_990e3, 1_599_990e3, 7e6, 7e6])
            #expect(policies[0].hardwareMaximumHertz == nil)
        }
    }

    @Test(arguments: ["kvm-guest", "thinkpad-partial-capture", "threadripper-mirrored-dies"])
    func absence(name: String) throws {
        let availability = CPUFreqProbe(root: try FixtureBoxes.root(name)).availability()
        #expect(availability.status == .absent && availability.remedy != nil)
        #expect(availability.reason.contains("virtual machine") == (name == "kvm-guest"))
    }

    /// The kinds of core come from the kernel, the steps from the policies.
    @Test(arguments: [false, true]) func hybridsAreSweptByKind(flattened: Bool) throws {
        let copy = { (name: String) in try FixtureBoxes.copy(name, flattened: flattened) }
        let groups = { (box: FixtureTree) in
            try FrequencyChoice.all.groups(
                of: CPUFreqProbe(root: box.root).policies(),
                kinds: HostProbe(root: box.root).coreTypes().map { (name: $0.name, cpus: $0.cpus) })
        }
        let laptop = try groups(copy("hybrid-laptop-battery"))
        #expect(laptop.map(\.name) == ["P-core", "E-core"])
        #expect(laptop.map(\.cpus) == [[0, 1, 2, 3], [4, 5, 6, 7]])
        #expect(laptop.map { Set($0.steps.flatMap(\.policyHertz.keys)).count } == [4, 4])
        #expect(laptop.map { $0.steps.first?.hertz } == [0.4e9, 0.4e9])
        #expect(laptop.map { $0.steps.last?.hertz } == [4.9e9, 3.5e9])
        // Some performance cores have a higher maximum than others, and each takes its own.
        #expect(laptop[0].steps.last?.policyHertz["policy0"] == 4.6e9)
        #expect(laptop[0].steps.last?.policyHertz["policy2"] == 4.9e9)

        let board = try groups(copy("arm64-big-little"))
        #expect(board.map(\.name) == ["capacity 1024", "capacity 430"])
        #expect(board.map(\.cpus) == [[4, 5, 6, 7], [0, 1, 2, 3]])
        #expect(
            board.map { $0.steps.map(\.hertz) } == [
                [0.408e9, 0.816e9, 1.2e9, 1.608e9, 2.016e9, 2.4e9], [0.408e9, 0.816e9, 1.2e9, 1.608e9, 1.8e9],
            ])
        #expect(board[0].steps.last?.policyHertz == ["policy4": 2.4e9, "policy6": 2.352e9])

        // These show one kind of core.
        for name in ["arm64-frequencies-only", "jetson-ina3221", "xeon-two-socket-dram"] {
            #expect(try groups(copy(name)).isEmpty, "\(name)")
        }
    }
}
