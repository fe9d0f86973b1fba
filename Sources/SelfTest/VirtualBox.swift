import ProbeKit
import ProfileFormat
import Profiling
import Quantities
import Statistics
import Synchronization
import SystemIO

/// A box in virtual time: a clock that only work, sleep and readings advance, and one counter that is updated at replayed
/// intervals.
///
/// Between updates the counter keeps its value. At an update it takes all energy drawn so far, rounded down to its unit,
/// modulo its range. A reading takes time and power, as polling on a real box does.
final class VirtualBox: ExperimentClock, EnergyMeter {
    /// Time of one poll of a powercap counter. Reading a model-specific register of another core, which the
    /// kernel does for it, takes a few microseconds.
    static let pollSeconds = 10e-6
    /// Power of a polling thread over idle, as a share of the layer's power over idle.
    static let pollingShare = 0.4

    private struct State {
        var nanoseconds: Int64 = 0
        var cpuSeconds = 0.0
        var joules = 0.0
        var shownJoules = 0.0
        var nextUpdate: Int64
        var place: Int
    }

    private let state: Mutex<State>
    private let truth: GroundTruth
    private let intervals: [Double]
    /// Drift of the idle power in watts per second, and when the idle power is that of the ground truth.
    private let slope: Double
    private let middleSeconds: Double

    let name = "virtual"
    let origin = Origin.simulated
    let tree: EnergyDomainTree

    /// - Parameters:
    ///   - intervals: replayed in a circle from a random place on.
    ///   - runSeconds: the length over which the idle power drifts.
    init(_ truth: GroundTruth, intervals: [Double], runSeconds: Double, generator: inout SeededGenerator) {
        self.truth = truth
        self.intervals = intervals
        slope = truth.idleDrift * truth.idleWatts / runSeconds
        middleSeconds = runSeconds / 2
        let place = Int.random(in: intervals.indices, using: &generator)
        let phase = Double.random(in: 0...1, using: &generator) * intervals[place]
        state = Mutex(State(nextUpdate: Int64(phase * 1e9), place: place))
        tree = EnergyDomainTree([
            EnergyDomain(
                identifier: "virtual-0", name: "virtual-0", role: .counted,
                wrapRangeMicrojoules: truth.rangeMicrojoules, maximumWatts: truth.maximumWatts)
        ])
    }

    func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: state.withLock { $0.nanoseconds }) }
    func cpuSeconds() -> Double { state.withLock { $0.cpuSeconds } }
    func sleep(seconds: Double) { pass(seconds: seconds, watts: truth.idleWatts) }

    /// The layer or something like it runs.
    func work(seconds: Double, watts: Double) { pass(seconds: seconds, watts: watts) }

    func read() throws(KerfError) -> EnergyReading {
        let watts = truth.idleWatts + Self.pollingShare * (truth.layerWatts - truth.idleWatts)
        let instant = now()
        pass(seconds: Self.pollSeconds / 2, watts: watts)
        let shown = state.withLock { $0.shownJoules }
        pass(seconds: Self.pollSeconds / 2, watts: watts)
        let units = (shown / truth.resolutionJoules).rounded(.down)
        var microjoules = UInt64(units * truth.resolutionJoules * 1e6)
        if let range = truth.rangeMicrojoules { microjoules %= range }
        return EnergyReading(instant: instant, microjoules: [microjoules])
    }

    /// Watts above the ground truth at a time.
    func driftWatts(at seconds: Double) -> Double { slope * (seconds - middleSeconds) }

    /// Advances the clock at a power for the middle of the run; the drift of the idle power is added.
    private func pass(seconds: Double, watts: Double) {
        state.withLock { state in
            let end = state.nanoseconds + Int64(seconds * 1e9)
            while state.nextUpdate <= end {
                advance(&state, to: state.nextUpdate, watts: watts)
                state.shownJoules = state.joules
                state.place = state.place + 1 == intervals.count ? 0 : state.place + 1
                state.nextUpdate += max(1, Int64(intervals[state.place] * 1e9))
            }
            advance(&state, to: end, watts: watts)
        }
    }

    private func advance(_ state: inout State, to end: Int64, watts: Double) {
        let seconds = Double(end - state.nanoseconds) * 1e-9
        let middle = Double(end + state.nanoseconds) * 0.5e-9
        state.joules += (watts + driftWatts(at: middle)) * seconds
        state.cpuSeconds += seconds
        state.nanoseconds = end
    }
}
