import ProbeKit

/// Clock and counters, read together at the two ends of a stretch of work.
struct CostGauge {
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
    func cost(of body: () throws -> Void) throws -> Cost {
        let opening = try edge()
        let cpuBefore = clock.cpuSeconds()
        let start = clock.now()
        try body()
        let end = clock.now()
        let cpuAfter = clock.cpuSeconds()
        var cost = Cost(seconds: end.seconds(since: start), cpuSeconds: cpuAfter - cpuBefore)
        guard let meter, let opening else { return cost }
        guard let closing = try edge() else { return cost }
        cost.edgeSeconds = opening.gapSeconds + closing.gapSeconds
        cost.meteredSeconds = closing.reading.instant.seconds(since: opening.reading.instant)
        guard opening.isFound, closing.isFound, let after = try edge(), after.isFound else {
            cost.joules = (try? meter.joules(from: opening.reading, to: closing.reading)) ?? [:]
            cost.fault = .notUpdated
            return cost
        }
        cost.pollingSeconds = after.reading.instant.seconds(since: closing.reading.instant)
        do {
            cost.joules = try meter.joules(from: opening.reading, to: closing.reading)
            cost.pollingJoules = try meter.joules(from: closing.reading, to: after.reading)
        } catch {
            guard error.code == .ambiguous else { throw error }
            cost.fault = .ambiguous
        }
        return cost
    }

    private struct Edge {
        var reading: EnergyReading
        var gapSeconds: Double
        var isFound: Bool
    }

    /// The next update; a plain reading when none comes in time, `nil` without a meter.
    private func edge() throws -> Edge? {
        guard let meter else { return nil }
        if let edge = try meter.updateEdge(within: longestWaitSeconds) {
            return Edge(reading: edge.reading, gapSeconds: edge.gapSeconds, isFound: true)
        }
        return Edge(reading: try meter.read(), gapSeconds: longestWaitSeconds, isFound: false)
    }
}
