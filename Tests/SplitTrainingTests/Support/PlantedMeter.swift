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
        /// What the counter of the second package shows for good; `nil` while it moves.
        var stopped: UInt64?
    }

    private let state = Mutex(State())

    let name = "planted"
    let origin = Origin.simulated
    let tree: EnergyDomainTree

    /// - Parameter packages: the number of packages, each of which draws the planted power.
    init(packages: Int = 1) {
        tree = EnergyDomainTree(
            (0..<packages).map {
                EnergyDomain(
                    identifier: "package-\($0)", name: "package-\($0)", role: .counted,
                    wrapRangeMicrojoules: 50_000_000,
                    maximumWatts: 20)
            })
    }

    func pass(milliseconds: Int64, watts: Double) {
        state.withLock { state in
            state.nanoseconds += milliseconds * 1_000_000
            state.joules += Double(milliseconds) * 1e-3 * watts
        }
    }

    func fail() { state.withLock { $0.fails = true } }
    func recover() { state.withLock { $0.fails = false } }
    func stopSecondCounter() { state.withLock { $0.stopped = Self.shown($0.joules) } }

    private static func shown(_ joules: Double) -> UInt64 { UInt64((joules * 1e6).rounded()) % 50_000_001 }

    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: state.withLock { $0.nanoseconds }) }

    func read() throws(KerfError) -> EnergyReading {
        let (joules, fails, stopped) = state.withLock { ($0.joules, $0.fails, $0.stopped) }
        if fails { throw KerfError(.ioError, "the meter is gone") }
        let shown = Self.shown(joules)
        return EnergyReading(
            instant: now(), microjoules: tree.domains.indices.map { $0 == 1 ? stopped ?? shown : shown })
    }
}
