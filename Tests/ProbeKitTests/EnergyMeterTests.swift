import ProbeKit
import ProfileFormat
import Quantities
import Synchronization
import SystemIO
import Testing

@Suite struct EnergyMeterTests {
    /// A meter in its own time: each reading is 0.1 ms after the one before; the counter steps at given readings.
    final class ScriptedMeter: EnergyMeter {
        let name = "scripted"
        let origin = Origin.simulated
        let tree: EnergyDomainTree
        let stepsEvery: Int?
        let taken = Mutex(0)

        init(stepsEvery: Int?, roles: [EnergyDomain.Role] = [.platform, .counted]) {
            self.stepsEvery = stepsEvery
            tree = EnergyDomainTree(
                roles.enumerated().map { EnergyDomain(identifier: "d\($0.offset)", name: "d", role: $0.element) })
        }

        func read() throws(KerfError) -> EnergyReading {
            let count = taken.withLock { taken in
                taken += 1
                return taken
            }
            let steps = stepsEvery.map { count / $0 } ?? 0
            // The platform moves at every reading; the counted domain in steps.
            return EnergyReading(
                instant: MonotonicInstant(nanoseconds: Int64(count) * 100_000),
                microjoules: [UInt64(count), UInt64(steps)])
        }
    }

    @Test func intervalsAreThoseOfTheCountedDomain() throws {
        let intervals = try ScriptedMeter(stepsEvery: 10).updateIntervals(observing: 0.0101)
        #expect(intervals.count == 9)
        #expect(intervals.allSatisfy { abs($0 - 1e-3) < 1e-9 })
    }

    @Test func counterThatNeverMovesEnds() throws {
        #expect(try ScriptedMeter(stepsEvery: nil).updateIntervals(observing: 0.01).isEmpty)
    }

    @Test func edgeIsTheFirstReadingAfterAnUpdate() throws {
        let meter = ScriptedMeter(stepsEvery: 10)
        let first = try #require(try meter.updateEdge())
        #expect(first.instant.nanoseconds == 1_000_000)
        #expect(first.microjoules == [10, 1])
        let second = try #require(try meter.updateEdge())
        #expect(second.instant.nanoseconds == 2_000_000)
    }

    @Test func edgeThatNeverComesIsNone() throws {
        #expect(try ScriptedMeter(stepsEvery: nil).updateEdge(within: 0.01)?.instant == nil)
    }

    /// Two counters that do not step together: each has an edge of its own, and the first decides which.
    @Test func everyCounterOfTheTotalHasItsOwnEdge() throws {
        let meter = SteppingMeter(first: (every: 10, at: 3), second: (every: 10, at: 8))
        let edge = try #require(try meter.updateEdge())
        #expect(edge.instants.map(\.nanoseconds) == [300_000, 800_000])
        #expect(edge.microjoules == [1, 1])
        let next = try #require(try meter.updateEdge())
        #expect(try meter.joules(from: edge, to: next) == ["first": 1e-6, "second": 1e-6])
    }

    /// A counter that stands still is not waited for longer than the first one takes to step twice.
    @Test func aCounterThatStandsStillIsTakenAsItIs() throws {
        let meter = SteppingMeter(first: (every: 10, at: 3), second: (every: 1000, at: 900))
        let edge = try #require(try meter.updateEdge())
        #expect(edge.instants.map(\.nanoseconds) == [300_000, 300_000])
        #expect(edge.microjoules == [1, 0])
        #expect(meter.taken.withLock { $0 } == 23)
    }

    /// Two counted domains, each stepping by 1 at given readings; a reading is 0.1 ms after the one before.
    final class SteppingMeter: EnergyMeter {
        let name = "stepping"
        let origin = Origin.simulated
        let tree = EnergyDomainTree([
            EnergyDomain(identifier: "first", name: "first", role: .counted),
            EnergyDomain(identifier: "second", name: "second", role: .counted),
        ])
        let steps: [(every: Int, at: Int)]
        let taken = Mutex(0)

        init(first: (every: Int, at: Int), second: (every: Int, at: Int)) { steps = [first, second] }

        func read() throws(KerfError) -> EnergyReading {
            let count = taken.withLock { taken in
                taken += 1
                return taken
            }
            return EnergyReading(
                instant: MonotonicInstant(nanoseconds: Int64(count) * 100_000),
                microjoules: steps.map { UInt64((count - $0.at + $0.every) / $0.every) })
        }
    }

    @Test func meterWithNothingToWatchIsAnError() {
        #expect(throws: KerfError.self) {
            try ScriptedMeter(stepsEvery: 1, roles: [.unreadable("gone")]).updateIntervals(observing: 0.01)
        }
    }

    @Test func originOfSeveralIsTheWeakest() {
        #expect(Origin.weakest([.measured, .simulated, .modelled]) == .simulated)
        #expect(Origin.weakest([.measured, .modelled]) == .modelled)
        #expect(Origin.weakest([Origin]()) == .unavailable)
    }
}
