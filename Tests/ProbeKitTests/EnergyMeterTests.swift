import ProbeKit
import Synchronization
import Testing
import Statistics

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

        func read() throws(ProbeError) -> EnergyReading {
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
        let first = try #require(try meter.readAtUpdateEdge())
        #expect(first.instant.nanoseconds == 1_000_000)
        #expect(first.microjoules == [10, 1])
        let second = try #require(try meter.readAtUpdateEdge())
        #expect(second.instant.nanoseconds == 2_000_000)
    }

    @Test func edgeThatNeverComesIsNone() throws {
        #expect(try ScriptedMeter(stepsEvery: nil).readAtUpdateEdge(within: 0.01)?.instant == nil)
    }

    @Test func meterWithNothingToWatchIsAnError() {
        #expect(throws: ProbeError.self) {
            try ScriptedMeter(stepsEvery: 1, roles: [.unreadable("gone")]).updateIntervals(observing: 0.01)
        }
    }

    @Test func originOfSeveralIsTheWeakest() {
        #expect(Origin.weakest([.measured, .simulated, .modelled]) == .simulated)
        #expect(Origin.weakest([.measured, .modelled]) == .modelled)
        #expect(Origin.weakest([Origin]()) == .unavailable)
    }
}
