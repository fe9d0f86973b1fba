import ProbeKit
import ProfileFormat
import Quantities
import Synchronization
import SystemIO

/// A meter in simulated time, whose power a test plants.
final class PlantedMeter: EnergyMeter {
    private struct State {
        var nanoseconds: Int64 = 1_000
        var joules = 0.0
        var fails = false
    }

    private let state = Mutex(State())

    let name = "planted"
    let origin = Origin.simulated
    let tree = EnergyDomainTree([
        EnergyDomain(
            identifier: "package-0", name: "package-0", role: .counted, wrapRangeMicrojoules: 50_000_000,
            maximumWatts: 20)
    ])

    func pass(milliseconds: Int64, watts: Double) {
        state.withLock { state in
            state.nanoseconds += milliseconds * 1_000_000
            state.joules += Double(milliseconds) * 1e-3 * watts
        }
    }

    func fail() { state.withLock { $0.fails = true } }

    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: state.withLock { $0.nanoseconds }) }

    func read() throws(KerfError) -> EnergyReading {
        let (joules, fails) = state.withLock { ($0.joules, $0.fails) }
        if fails { throw KerfError(.ioError, "the meter is gone") }
        return EnergyReading(instant: now(), microjoules: [UInt64((joules * 1e6).rounded()) % 50_000_001])
    }
}
