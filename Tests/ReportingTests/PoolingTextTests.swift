import Calibration
import ProfileFormat
import Quantities
import TestSupport
import Testing
import Workload

@testable import Reporting

@Suite("Pooling in the report of a calibration")
struct PoolingTextTests {
    private func group(_ change: (inout PoolingGroup) -> Void = { _ in }) -> PoolingGroup {
        let members = (1...4).map {
            PooledMember(
                layer: $0, ownValue: 0.025, ownStandardError: 1e-3, pooledValue: 0.025, pooledStandardError: 1e-4,
                shrinkage: 0.9, outlierProbability: 0.01)
        }
        var group = PoolingGroup(
            value: .timeSeconds, direction: .forward,
            center: Quantity(
                value: 0.025, lower: 0.0248, upper: 0.0252, confidence: 0.95, count: 20, origin: .measured),
            spread: 2e-4, heterogeneity: Heterogeneity(statistic: 3.21, degreesOfFreedom: 3, pValue: 0.36),
            commonStandardError: 0, members: members)
        change(&group)
        return group
    }

    private func lines(_ groups: [PoolingGroup]?) throws -> String {
        var calibration = try Calibration.planted(SyntheticProfile())
        calibration.pooling = groups
        return calibration.poolingLines
    }

    @Test("blocks that do not differ, that do, and one that is apart")
    func text() throws {
        #expect(
            try lines([group()])
                == "blocks 1 to 4 (one shape): 25.0 ms ± 0.8 % forward; they do not differ (Q = 3.2 on 3 degrees of "
                + "freedom, p = 0.360)\n\n")
        let differing = group { $0.heterogeneity.pValue = 1e-5 }
        #expect(try lines([differing]).contains("they differ by 200 µs, one standard deviation (Q = 3.2"))
        #expect(try lines([differing]).contains("p < 0.001)"))
        let apart = group {
            $0.members[2].pooledValue = 0.03
            $0.members[2].outlierProbability = 0.99
        }
        #expect(try lines([apart]).contains("; block 3 is apart by +20.0 % (Q"))
        let power = group {
            ($0.value, $0.direction) = (.netPowerWatts, .backward)
            $0.members[0].layer = 7
        }
        #expect(try lines([power]).hasPrefix("blocks 7, 2, 3, 4 (one shape): 25.0 mW ± 0.8 % net, backward; "))
    }

    @Test("nothing without groups, and any numbers of another's file are shown")
    func limits() throws {
        #expect(try lines(nil) == "")
        let strange = group {
            $0.members[0].layer = .min
            $0.members[1].layer = .max
            $0.center = .unavailable("unknown")
            $0.heterogeneity.statistic = 1e300
        }
        #expect(try lines([strange]).contains("n/a forward"))
    }
}
