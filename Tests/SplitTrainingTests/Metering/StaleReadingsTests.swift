import Instrumentation
import Statistics
import SystemIO
import Testing

@Suite("Counters that show an earlier moment") struct StaleReadingsTests {
    private static let watts: [Activity: Double] = [.computing: 11, .sending: 4, .waiting: 3]

    /// Intervals of a training, with the energy that a counter shows which is updated every `updateSeconds`.
    private func intervals(steps: Int, computingSeconds: Double, updateSeconds: Double) -> [ActivityInterval] {
        var generator = SeededGenerator(seed: 7)
        var intervals: [ActivityInterval] = []
        /// Time and energy at every border.
        var truth = [(seconds: 0.0, joules: 0.0)]
        var shown = 0.0
        for step in 0..<steps {
            for activity in [Activity.computing, .sending, .waiting] {
                let start = truth[truth.count - 1]
                let spread = Double.random(in: 0.8..<1.2, using: &generator)
                let end = start.seconds + (activity == .sending ? 0.004 : computingSeconds * spread)
                truth.append((end, start.joules + (Self.watts[activity] ?? 0) * (end - start.seconds)))
                let reading = joules(truth, at: end - Double.random(in: 0..<updateSeconds, using: &generator))
                intervals.append(
                    ActivityInterval(
                        activity: activity, step: step,
                        start: MonotonicInstant(nanoseconds: Int64(start.seconds * 1e9)),
                        end: MonotonicInstant(nanoseconds: Int64(end * 1e9)), joules: reading - shown))
                shown = reading
            }
        }
        return intervals
    }

    /// Between two borders the power is constant.
    private func joules(_ truth: [(seconds: Double, joules: Double)], at time: Double) -> Double {
        guard let place = truth.lastIndex(where: { $0.seconds <= time }), place + 1 < truth.count else { return 0 }
        let (before, after) = (truth[place], truth[place + 1])
        return before.joules
            + (after.joules - before.joules) * (time - before.seconds) / (after.seconds - before.seconds)
    }

    private func error(_ intervals: [ActivityInterval], of activity: Activity) -> Double {
        let own = intervals.filter { $0.activity == activity }
        let joules = own.compactMap(\.joules).reduce(0, +)
        return joules / (own.map(\.seconds).reduce(0, +) * (Self.watts[activity] ?? 0)) - 1
    }

    @Test(arguments: [0.012, 0.05, 0.3])
    func energyThatIsReadWithTheNextIntervalIsGivenBack(computingSeconds: Double) {
        let raw = intervals(steps: 400, computingSeconds: computingSeconds, updateSeconds: 0.001)
        let corrected = raw.correctingStaleness(updateSeconds: 0.001)
        for activity in Activity.allCases {
            #expect(abs(error(corrected, of: activity)) < 0.01, "\(activity): \(error(corrected, of: activity))")
        }
        #expect(abs(error(raw, of: .computing)) > 2 * abs(error(corrected, of: .computing)))
        if computingSeconds < 0.02 { #expect(error(raw, of: .computing) < -0.02) }
    }

    /// What is added to one interval is taken from another, up to both ends.
    @Test func theSumStays() {
        let raw = intervals(steps: 50, computingSeconds: 0.02, updateSeconds: 0.001)
        let corrected = raw.correctingStaleness(updateSeconds: 0.001)
        let difference = (raw.compactMap(\.joules).reduce(0, +) - corrected.compactMap(\.joules).reduce(0, +))
        #expect(abs(difference) < 0.0005 * 11)
        #expect(raw.correctingStaleness(updateSeconds: 0) == raw)
        #expect([ActivityInterval]().correctingStaleness(updateSeconds: 1).isEmpty)
    }

    /// An interval that is shorter than the counter's update interval leaves its energy to several others.
    @Test func aReadingMayBeOlderThanAnInterval() {
        let raw = intervals(steps: 20_000, computingSeconds: 0.012, updateSeconds: 0.01)
        let corrected = raw.correctingStaleness(updateSeconds: 0.01)
        #expect(abs(error(raw, of: .computing)) > 0.1)
        #expect(abs(error(corrected, of: .computing)) < 0.03)
    }

    @Test func anIntervalWithoutEnergyStaysWithout() {
        var raw = intervals(steps: 20, computingSeconds: 0.02, updateSeconds: 0.001)
        raw[4].joules = nil
        let corrected = raw.correctingStaleness(updateSeconds: 0.001)
        #expect(corrected[4].joules == nil)
        #expect(corrected[5].joules != nil)
    }
}
