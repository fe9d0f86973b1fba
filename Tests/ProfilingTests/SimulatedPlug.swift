import Estimation
import ProbeKit
import ProfileFormat
import Quantities
import Statistics
import Synchronization
import SystemIO

/// A wall plug beside a simulated box: a sample a second, the mean power of the second before, which it dates and shows
/// 300 ms late, by a clock of its own. Some samples are missing.
final class SimulatedPlug: EnergyMeter, ReportedPower {
    struct Flaws {
        /// Relative noise of a sample.
        var noise = 0.005
        /// Probability that a sample is missing.
        var gapProbability = 0.0
        /// From this time on it is silent, and its program has ended.
        var endsAtSeconds = Double.infinity
    }

    static let delaySeconds = 0.3
    /// Its clock against the box's.
    static let clockOffsetSeconds = 1.7e9
    /// The longest way from the plug to Kerf.
    static let transportSeconds = 0.02

    private struct State {
        var series = PowerSeries(like: .init(seconds: 0, kind: .watts, value: 0))
        var next = 1
        var generator = SeededGenerator(seed: 11)
        var lag = MeterLag(shortestSeconds: 0, longestSeconds: 1)
    }

    private let box: SimulatedBox
    private let flaws: Flaws
    private let state = Mutex(State())
    let intervalSeconds = 1.0

    init(_ box: SimulatedBox, _ flaws: Flaws = Flaws()) {
        self.box = box
        self.flaws = flaws
    }

    static let updates = CounterUpdates(intervalsSeconds: [1], resolutionJoules: nil)

    /// Takes the samples that have arrived by now.
    private func series() throws(KerfError) -> (PowerSeries, MeterLag) {
        // The box's history ends at its last update.
        let now = Double(box.now().nanoseconds) * 1e-9 - 0.002
        let hasEnded = now >= flaws.endsAtSeconds
        let (series, lag) = state.withLock { state in
            while Double(state.next) + Self.delaySeconds + Self.transportSeconds <= min(now, flaws.endsAtSeconds) {
                let second = Double(state.next)
                state.next += 1
                let arrival = second + Self.delaySeconds + Self.transportSeconds * state.generator.uniform()
                let watts =
                    (box.joules(at: second) - box.joules(at: second - 1)) * (1 + flaws.noise * state.generator.normal())
                guard state.generator.uniform() >= flaws.gapProbability else { continue }
                state.series.add(
                    .init(
                        seconds: second + Self.delaySeconds + Self.clockOffsetSeconds, kind: .watts, value: watts),
                    arrival: MonotonicInstant(nanoseconds: Int64(arrival * 1e9)))
            }
            return (state.series, state.lag)
        }
        if hasEnded { throw KerfError(.meterEnded, "the plug has ended") }
        return (series, lag)
    }

    /// Lets the box work and rest again and again, and finds how late the plug is.
    func learnDelay() throws -> MeterDelayFit? {
        var random = SeededGenerator(seed: 5)
        var load = KnownLoad()
        func pass(_ seconds: Double, busy: Bool) {
            for _ in 0..<Int(seconds / 0.005) {
                let now = Double(box.now().nanoseconds) * 1e-9
                load.add(seconds: now, totalProcessorSeconds: box.cpuSeconds())
                box.pass(seconds: 0.005, watts: busy ? 25 : box.idleWatts, threads: busy ? 2 : 0)
            }
        }
        pass(5, busy: false)
        for turn in 0..<10 { pass(1 + 2 * random.uniform(), busy: turn % 2 == 0) }
        pass(3, busy: false)
        let samples = try series().0.entries.map {
            MeterDelayFit.Sample(seconds: Double($0.instant.nanoseconds) * 1e-9, watts: $0.watts)
        }
        let fit = MeterDelayFit(samples, load: load, intervalSeconds: 1)
        if let fit {
            state.withLock {
                $0.lag = MeterLag(shortestSeconds: fit.lowerSeconds, longestSeconds: fit.longestSeconds)
            }
        }
        return fit
    }

    var missingCount: Int { state.withLock { $0.series.missingCount } }

    // MARK: ReportedPower

    var minimumWindowSeconds: Double { state.withLock { $0.series.minimumWindowSeconds($0.lag) ?? .infinity } }
    var longestWaitSeconds: Double { 6 }

    func hasReported(until instant: MonotonicInstant) throws(KerfError) -> Bool {
        let (series, lag) = try series()
        return series.hasReported(until: instant, lag: lag)
    }

    func energy(from start: MonotonicInstant, to end: MonotonicInstant) throws(KerfError) -> ReportedEnergy {
        let (series, lag) = try series()
        return series.reported(of: "wall", from: start, to: end, lag: lag)
    }

    // MARK: EnergyMeter

    let name = "program"
    let origin = Origin.simulated
    let tree = EnergyDomainTree([EnergyDomain(identifier: "wall", name: "wall", role: .counted)])
    var reportedPower: (any ReportedPower)? { self }

    func read() throws(KerfError) -> EnergyReading {
        EnergyReading(
            instant: box.now(), microjoules: [UInt64(try series().0.entries.reduce(0) { $0 + $1.watts } * 1e6)])
    }
}
