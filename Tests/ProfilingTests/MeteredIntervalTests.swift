import ProbeKit
import ProfileFormat
import Quantities
import Statistics
import Synchronization
import SystemIO
import Testing

@testable import Profiling

/// Windows on two counters that are not updated together.
struct MeteredIntervalTests {
    /// Package and memory, each updated about every millisecond at moments of its own.
    final class TwoCounterBox: ExperimentClock, EnergyMeter {
        struct Counter {
            var joules = 0.0
            var shown = 0.0
            var nextUpdate: Int64 = 0
        }
        struct State {
            var nanoseconds: Int64 = 0
            var counters = [Counter(), Counter()]
            var generator = SeededGenerator(seed: 5)
        }

        static let pollingWatts = [8.0, 1.0]
        static let workWatts = [20.0, 6.0]

        let name = "two"
        let origin = Origin.simulated
        let tree = EnergyDomainTree(
            ["package", "dram"].map { EnergyDomain(identifier: $0, name: $0, role: .counted) })
        let state = Mutex(State())

        func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: state.withLock { $0.nanoseconds }) }
        func cpuSeconds() -> Double { 0 }
        func sleep(seconds: Double) { pass(seconds, Self.pollingWatts) }

        func pass(_ seconds: Double, _ watts: [Double]) {
            state.withLock { state in
                let end = state.nanoseconds + Int64(seconds * 1e9)
                for index in watts.indices {
                    var now = state.nanoseconds
                    while state.counters[index].nextUpdate <= end {
                        let update = state.counters[index].nextUpdate
                        state.counters[index].joules += watts[index] * Double(update - now) * 1e-9
                        state.counters[index].shown = state.counters[index].joules
                        state.counters[index].nextUpdate += Int64.random(
                            in: 700_000...1_300_000, using: &state.generator)
                        now = update
                    }
                    state.counters[index].joules += watts[index] * Double(end - now) * 1e-9
                }
                state.nanoseconds = end
            }
        }

        func read() throws(KerfError) -> EnergyReading {
            let instant = now()
            let shown = state.withLock { $0.counters.map { UInt64($0.shown * 1e6) } }
            pass(4e-6, Self.pollingWatts)
            return EnergyReading(instant: instant, microjoules: shown)
        }
    }

    @Test func eachCounterHasItsOwnEdges() throws {
        let box = TwoCounterBox()
        let interval = MeteredInterval(clock: box, meter: box)
        var total = Cost()
        for _ in 0..<400 { total += try interval.cost { _ in box.pass(0.02, TwoCounterBox.workWatts) } }
        #expect(total.fault == nil)
        for (domain, (polling, work)) in zip(
            ["package", "dram"], zip(TwoCounterBox.pollingWatts, TwoCounterBox.workWatts))
        {
            let joules = try #require(total.joules[domain])
            let watts = (joules - polling * (total.meteredSeconds - total.seconds)) / total.seconds
            // At the package's edges, memory would be off by 0.7 %.
            #expect(abs(watts / work - 1) < 0.001, "\(domain): \(watts) W")
            let polled = try #require(total.pollingJoules[domain])
            #expect(abs(polled / total.pollingSeconds / polling - 1) < 0.005)
        }
    }
}
