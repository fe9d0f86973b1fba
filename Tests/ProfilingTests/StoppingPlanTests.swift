import Statistics
import Testing

@testable import Profiling

/// Intervals stay honest although the run stops when they are narrow.
struct StoppingPlanTests {
    private static let trials = 1000

    /// Share of the final intervals that hold the truth when observations are normal and the target is met at about
    /// 40 of them.
    private func coverage(stops: (inout StoppingPlan, [Double], Double) -> Bool) -> Double {
        var generator = SeededGenerator(seed: 11)
        var hits = 0
        for _ in 0..<Self.trials {
            var plan = StoppingPlan()
            var sample: [Double] = []
            repeat { sample.append(10 + generator.normal()) } while !stops(&plan, sample, 0.32)
            let estimate = Estimate.mean(of: sample)
            if let estimate, abs(estimate.value - 10) <= estimate.halfWidth { hits += 1 }
        }
        return Double(hits) / Double(Self.trials)
    }

    private static func width(_ sample: [Double], _ target: Double) -> Double {
        (Estimate.mean(of: sample)?.halfWidth ?? .infinity) / target
    }

    @Test func plannedLooksKeepTheirPromise() {
        let share = coverage { plan, sample, target in
            plan.check(count: sample.count) { Self.width(sample, target) }
            return plan.isSettled
        }
        #expect(share > 0.925 && share < 0.975, "\(share)")
    }

    /// What the plan is for: looking after every observation does not keep it, the less the fewer observations the
    /// target takes (about ten here, where it covers 90 %).
    @Test func lookingAllTheTimeDoesNot() {
        let share = coverage { _, sample, _ in sample.count > 2 && Self.width(sample, 0.6) <= 1 }
        #expect(share < 0.93, "\(share)")
    }

    @Test func looksOnlyWhenPlanned() {
        var plan = StoppingPlan()
        var looks = 0
        for count in 1...200 {
            plan.check(count: count) {
                looks += 1
                return 1.5
            }
        }
        #expect(looks > 1 && looks < 6)
        #expect(!plan.isSettled)
        plan.check(count: 10_000) { 1 }
        #expect(plan.isSettled)
    }
}
