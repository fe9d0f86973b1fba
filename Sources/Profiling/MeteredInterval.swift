import ProbeKit
import ProfileFormat
import SystemIO

/// Clock and counters, read together at the two ends of an interval of work.
package struct MeteredInterval {
    package let clock: any ExperimentClock
    package let meter: (any EnergyMeter)?
    /// How long to wait for an update of the counters.
    private let maximumWaitSeconds: Double

    package init(clock: any ExperimentClock, meter: (any EnergyMeter)?, updates: CounterUpdates? = nil) {
        self.clock = clock
        self.meter = meter
        maximumWaitSeconds = max(0.05, 5 * (updates?.longestSeconds ?? 0))
    }

    /// What `body` cost, from one update of the counters to another.
    ///
    /// The counters are polled until they change; then the work runs; then they are polled until they change again.
    /// So the joules are exact up to the counters' unit, and the two times up to the time between two polls. Polling
    /// goes on for one more update: that shows what polling draws, with the caches, frequency and spinning threads that
    /// the work left behind, so that the wait at the end can be separated from the work.
    ///
    /// - Parameter body: given the time of the update that its window begins with, where there is one.
    package func cost(of body: (_ opening: MonotonicInstant?) throws -> Void) throws -> Cost {
        if let reported = meter?.reportedPower { return try cost(of: body, reported) }
        // Finding the threads takes longer than the work may, so it comes first.
        let cpuClocks = clock.threadCPUClocks()
        let opening = try edge()
        cpuClocks?.flush()
        let cpuBefore = clock.cpuSeconds()
        let start = clock.now()
        try body(opening.flatMap { $0.isFound ? $0.edge.instant : nil })
        let end = clock.now()
        cpuClocks?.flush()
        let cpuAfter = clock.cpuSeconds()
        var cost = Cost(seconds: end.seconds(since: start), cpuSeconds: cpuAfter - cpuBefore)
        guard let meter, let opening, let closing = try edge() else { return cost }
        cost.edgeSeconds = opening.edge.gapSeconds + closing.edge.gapSeconds
        cost.meteredSeconds = closing.edge.instant.seconds(since: opening.edge.instant)
        let after = opening.isFound && closing.isFound ? try edge() : nil
        do throws(KerfError) {
            cost.joules = try meter.joules(from: opening.edge, to: closing.edge)
            guard let after, after.isFound else {
                cost.fault = .notUpdated
                return cost
            }
            cost.pollingSeconds = after.edge.instant.seconds(since: closing.edge.instant)
            cost.pollingJoules = try meter.joules(from: closing.edge, to: after.edge)
        } catch {
            switch error.code {
            case .ambiguousReading: cost.fault = .ambiguous
            case .interruptedReading: cost.fault = .interrupted
            default: throw MeterFailure(error: error)
            }
            return cost
        }
        guard let after else { return cost }
        for (place, domain) in meter.tree.readable.enumerated() {
            cost.shift(
                domain.identifier,
                seconds: closing.edge.instants[place].seconds(since: opening.edge.instants[place]),
                pollingSeconds: after.edge.instants[place].seconds(since: closing.edge.instants[place]))
        }
        return cost
    }

    /// What `body` cost by the samples that lie within it. Waits until all of them have arrived.
    private func cost(of body: (_ opening: MonotonicInstant?) throws -> Void, _ reported: any ReportedPower) throws
        -> Cost
    {
        let cpuClocks = clock.threadCPUClocks()
        cpuClocks?.flush()
        let cpuBefore = clock.cpuSeconds()
        let start = clock.now()
        try body(nil)
        let end = clock.now()
        cpuClocks?.flush()
        var cost = Cost(seconds: end.seconds(since: start), cpuSeconds: clock.cpuSeconds() - cpuBefore)
        let energy = try MeterFailure.marking { () throws(KerfError) -> ReportedEnergy in
            try wait(for: reported, until: end)
            return try reported.energy(from: start, to: end)
        }
        switch energy {
        case .known(let joules, let seconds, let edgeSeconds):
            (cost.joules, cost.meteredSeconds, cost.edgeSeconds) = (joules, seconds, edgeSeconds)
        case .tooShort: cost.fault = .tooShort
        case .missing: cost.fault = .missingSamples
        }
        return cost
    }

    private func wait(for reported: any ReportedPower, until end: MonotonicInstant) throws(KerfError) {
        let pause = min(0.05, reported.intervalSeconds / 8)
        while try !reported.hasReported(until: end), clock.now().seconds(since: end) < reported.longestWaitSeconds {
            clock.sleep(seconds: pause)
        }
    }

    private struct Edge {
        var edge: UpdateEdge
        var isFound: Bool
    }

    /// The next update; a plain reading when none comes in time, `nil` without a meter.
    private func edge() throws -> Edge? {
        guard let meter else { return nil }
        let maximumWaitSeconds = maximumWaitSeconds
        return try MeterFailure.marking { () throws(KerfError) -> Edge in
            if let edge = try meter.updateEdge(within: maximumWaitSeconds) { return Edge(edge: edge, isFound: true) }
            return Edge(edge: UpdateEdge(try meter.read(), gapSeconds: maximumWaitSeconds), isFound: false)
        }
    }
}

/// Time and energy of an interval of work, and what was seen of the counters around it.
package struct Cost {
    /// Wall time of the work itself.
    package var seconds = 0.0
    package var cpuSeconds = 0.0
    /// Between the counters' readings, which the joules belong to; of samples less than the work.
    package var meteredSeconds = 0.0
    /// By domain identifier; empty without a meter.
    package var joules: [String: Double] = [:]
    /// How far the times of the updates at both ends may be off, summed.
    package var edgeSeconds = 0.0
    /// Polling after the window, up to one more update.
    package var pollingSeconds = 0.0
    package var pollingJoules: [String: Double] = [:]
    /// Why `joules` cannot be used.
    package var fault: Fault?

    package enum Fault: String {
        case ambiguous = "the counter may have wrapped more than once"
        case notUpdated = "the counter was not updated in time"
        case interrupted = "the meter could not be read for a moment"
        case tooShort = "shorter than two samples of the meter"
        case missingSamples = "samples of the meter are missing"
    }

    static func += (sum: inout Cost, part: Cost) {
        sum.seconds += part.seconds
        sum.cpuSeconds += part.cpuSeconds
        sum.meteredSeconds += part.meteredSeconds
        sum.joules.merge(part.joules, uniquingKeysWith: +)
        sum.edgeSeconds += part.edgeSeconds
        sum.pollingSeconds += part.pollingSeconds
        sum.pollingJoules.merge(part.pollingJoules, uniquingKeysWith: +)
        sum.fault = sum.fault ?? part.fault
    }

    /// Brings a domain's joules to the window that the first domain's updates span.
    ///
    /// Between its own two updates the domain saw more or less of the polling around the work, and nothing else of
    /// another length. The difference is added or subtracted at the power that it drew while the counters were polled
    /// after the work.
    fileprivate mutating func shift(_ domain: String, seconds: Double, pollingSeconds: Double) {
        guard let drawn = joules[domain], let polled = pollingJoules[domain], pollingSeconds > 0 else { return }
        let watts = polled / pollingSeconds
        joules[domain] = max(0, drawn + watts * (meteredSeconds - seconds))
        pollingJoules[domain] = watts * self.pollingSeconds
    }
}

/// An error of the energy meter, as opposed to one of the measured step. A meter that fails costs the run its
/// energy; a step that fails ends it.
struct MeterFailure: Error {
    let error: KerfError

    /// Reads the meter, and marks its error as one.
    static func marking<Result>(_ read: () throws(KerfError) -> Result) throws(MeterFailure) -> Result {
        do throws(KerfError) {
            return try read()
        } catch {
            throw MeterFailure(error: error)
        }
    }
}
