import ProbeKit
import ProfileFormat
import SystemIO

/// Clock and counters, read together at the two ends of a stretch of work.
struct MeteredInterval {
    let clock: any ExperimentClock
    let meter: (any EnergyMeter)?
    /// The longest wait for an update of the counters.
    var longestWaitSeconds = 0.05

    /// What `body` cost, from one update of the counters to another.
    ///
    /// The counters are polled until they change; then the work runs; then they are polled until they change again.
    /// So the joules are exact up to the counters' unit, and the two moments up to the time between two polls. Polling
    /// goes on for one more update: that shows what polling draws, right here, with the caches, clock and spinning
    /// threads that the work left behind, so that the wait at the end can be told from the work.
    func cost(of body: () throws -> Void) throws -> Cost { try cost { _ in try body() } }

    /// The same.
    ///
    /// - Parameter body: given the moment of the update that its window begins with, where there is one.
    func cost(of body: (_ opening: MonotonicInstant?) throws -> Void) throws -> Cost {
        // Looking for the threads takes longer than the work may.
        let accounts = clock.accounts()
        let opening = try edge()
        accounts?.flush()
        let cpuBefore = clock.cpuSeconds()
        let start = clock.now()
        try body(opening.flatMap { $0.isFound ? $0.edge.instant : nil })
        let end = clock.now()
        accounts?.flush()
        let cpuAfter = clock.cpuSeconds()
        var cost = Cost(seconds: end.seconds(since: start), cpuSeconds: cpuAfter - cpuBefore)
        guard let meter, let opening, let closing = try edge() else { return cost }
        cost.edgeSeconds = opening.edge.gapSeconds + closing.edge.gapSeconds
        cost.meteredSeconds = closing.edge.instant.seconds(since: opening.edge.instant)
        guard opening.isFound, closing.isFound, let after = try edge(), after.isFound else {
            cost.joules = (try? meter.joules(from: opening.edge, to: closing.edge)) ?? [:]
            cost.fault = .notUpdated
            return cost
        }
        cost.pollingSeconds = after.edge.instant.seconds(since: closing.edge.instant)
        do throws(KerfError) {
            cost.joules = try meter.joules(from: opening.edge, to: closing.edge)
            cost.pollingJoules = try meter.joules(from: closing.edge, to: after.edge)
        } catch {
            guard error.code == .ambiguousReading else { throw MeterFailure(error: error) }
            cost.fault = .ambiguous
            return cost
        }
        for (place, domain) in meter.tree.readable.enumerated() {
            cost.shift(
                domain.identifier,
                seconds: closing.edge.instants[place].seconds(since: opening.edge.instants[place]),
                pollingSeconds: after.edge.instants[place].seconds(since: closing.edge.instants[place]))
        }
        return cost
    }

    private struct Edge {
        var edge: UpdateEdge
        var isFound: Bool
    }

    /// The next update; a plain reading when none comes in time, `nil` without a meter.
    private func edge() throws -> Edge? {
        guard let meter else { return nil }
        let longestWaitSeconds = longestWaitSeconds
        return try MeterFailure.marking { () throws(KerfError) -> Edge in
            if let edge = try meter.updateEdge(within: longestWaitSeconds) { return Edge(edge: edge, isFound: true) }
            return Edge(edge: UpdateEdge(try meter.read(), gapSeconds: longestWaitSeconds), isFound: false)
        }
    }
}

extension Cost {
    /// Brings a domain's joules to the window that the first domain's updates span.
    ///
    /// Between its own two updates the domain saw more or less of the polling around the work, and nothing else of
    /// another length: that much is taken off or added, at what it drew while the counters were polled after the work.
    fileprivate mutating func shift(_ domain: String, seconds: Double, pollingSeconds: Double) {
        guard let drawn = joules[domain], let polled = pollingJoules[domain], pollingSeconds > 0 else { return }
        let watts = polled / pollingSeconds
        joules[domain] = max(0, drawn + watts * (meteredSeconds - seconds))
        pollingJoules[domain] = watts * self.pollingSeconds
    }
}
