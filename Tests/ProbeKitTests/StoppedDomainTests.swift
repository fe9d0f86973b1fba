import ProbeKit
import ProfileFormat
import Quantities
import Synchronization
import SystemIO
import Testing

/// Each counter of a total moves, or is named.
@Suite("Domains that stand still while others move")
struct StoppedDomainTests {
    /// Two counted domains and a part; each counter moves by its own step at every read.
    private final class SteppingMeter: EnergyMeter {
        let name = "stepping"
        let origin = Origin.simulated
        let sampling: PowerSampling?
        let tree = EnergyDomainTree([
            EnergyDomain(identifier: "package-0", name: "package-0", role: .counted),
            EnergyDomain(identifier: "package-0/core", name: "core", parent: "package-0", role: .nested),
            EnergyDomain(identifier: "package-1", name: "package-1", role: .counted),
        ])
        private let steps: [UInt64]
        private let values = Mutex<[UInt64]>([0, 0, 0])

        init(_ steps: [UInt64], isSampled: Bool = false) {
            self.steps = steps
            sampling =
                isSampled
                ? PowerSampling(
                    intervalSeconds: 0.01, longestGapSeconds: 0.01, samples: 9, processorShare: 0,
                    refreshSeconds: nil) : nil
        }

        func read() throws(KerfError) -> EnergyReading {
            let microjoules = values.withLock { values -> [UInt64] in
                for index in values.indices { values[index] += steps[index] }
                return values
            }
            return EnergyReading(instant: .now(), microjoules: microjoules.map { $0 })
        }
    }

    @Test(
        arguments: [
            ([3, 1, 2], []), ([3, 0, 2], []), ([3, 1, 0], ["package-1"]), ([0, 1, 2], ["package-0"]), ([0, 1, 0], []),
        ] as [([UInt64], [String])])
    func windows(steps: [UInt64], stopped: [String]) throws {
        let meter = SteppingMeter(steps)
        let joules = try meter.joules(from: try meter.read(), to: try meter.read())
        #expect(meter.stoppedDomains(in: joules) == stopped)
    }

    /// Where the first domain stands still, another one shows that time passed.
    @Test(
        arguments: [([3, 1, 0], ["package-1"]), ([0, 1, 2], ["package-0"]), ([3, 0, 2], [])] as [([UInt64], [String])])
    func watching(steps: [UInt64], stopped: [String]) throws {
        let meter = SteppingMeter(steps)
        // However slow the machine, that many reads show that many changes.
        var watch = try meter.watchUpdates(for: 0.01)
        while (watch.changes.map(\.count).max() ?? 0) < 10 { watch = try meter.watchUpdates(for: 0.1) }
        #expect(watch.stoppedDomains == stopped && !watch.isStill)
    }

    @Test func aMeterThatStandsStillAltogether() throws {
        let watch = try SteppingMeter([0, 1, 0]).watchUpdates(for: 0.001)
        #expect(watch.isStill && watch.stoppedDomains.isEmpty)
    }

    /// An idle battery draws nothing.
    @Test func sampledPowerMayBeZero() throws {
        let meter = SteppingMeter([3, 1, 0], isSampled: true)
        let joules = try meter.joules(from: try meter.read(), to: try meter.read())
        #expect(meter.stoppedDomains(in: joules).isEmpty)
    }
}
