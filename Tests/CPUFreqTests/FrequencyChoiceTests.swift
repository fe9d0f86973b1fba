import CPUFreq
import ProbeKit
import TestSupport
import Testing

@Suite struct FrequencyChoiceTests {
    /// One policy with steps, one with a range, as performance and efficiency cores have.
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
        let steps = try FrequencyChoice.all.steps(of: policies)
        #expect(steps.map(\.hertz) == [1e9, 2e9, 3e9, 4e9], "steps outside the policy's limits are left alone")
        #expect(steps.map { $0.policyHertz["policy0"] } == [1e9, 2e9, 3e9, 4e9])
        // The same share of its own highest clock, 2.4 GHz, and never below its own lowest.
        #expect(steps.map { $0.policyHertz["policy2"] } == [8e8, 1.2e9, 1.8e9, 2.4e9])
    }

    @Test func aNumberOfStepsKeepsBothEnds() throws {
        let (_, policies) = try hybrid()
        #expect(try FrequencyChoice.count(2).steps(of: policies).map(\.hertz) == [1e9, 4e9])
        #expect(try FrequencyChoice.count(3).steps(of: policies).map(\.hertz).count == 3)
        #expect(try FrequencyChoice.count(100).steps(of: policies).map(\.hertz) == [1e9, 2e9, 3e9, 4e9])
        let range = Array(policies.suffix(1))
        #expect(try FrequencyChoice.count(5).steps(of: range).map(\.hertz) == [0.8e9, 1.2e9, 1.6e9, 2e9, 2.4e9])
        #expect(try FrequencyChoice.all.steps(of: range).count == FrequencyChoice.rangeSteps)
    }

    @Test func aListNamesRealSteps() throws {
        let (_, policies) = try hybrid()
        #expect(try FrequencyChoice.list([3e9, 1e9]).steps(of: policies).map(\.hertz) == [1e9, 3e9])
        for (list, word) in [
            ([1e9, 2.5e9], "2.5 GHz"), ([5e9, 1e9], "1.0, 2.0, 3.0, 4.0 GHz"), ([1e9, 1e9], "two steps"),
        ] {
            let error = #expect(throws: ProbeError.self) { try FrequencyChoice.list(list).steps(of: policies) }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        }
        #expect(throws: ProbeError.self) { try FrequencyChoice.all.steps(of: []) }
    }
}
