import ProbeKit

/// What a stretch of work cost.
struct Cost {
    var seconds = 0.0
    var cpuSeconds = 0.0
    /// Time between the counters' readings, which the joules belong to.
    var meteredSeconds = 0.0
    /// By domain identifier; empty without a meter.
    var joules: [String: Double] = [:]
    /// Whether the counters allowed more than one answer, so that `joules` says nothing.
    var isAmbiguous = false

    static func += (sum: inout Cost, part: Cost) {
        sum.seconds += part.seconds
        sum.cpuSeconds += part.cpuSeconds
        sum.meteredSeconds += part.meteredSeconds
        sum.joules.merge(part.joules, uniquingKeysWith: +)
        sum.isAmbiguous = sum.isAmbiguous || part.isAmbiguous
    }
}

/// Clock and counters, read together at the two ends of a stretch of work.
struct CostGauge {
    let clock: any ExperimentClock
    let meter: (any EnergyMeter)?

    /// What `body` cost. The counters are read first and last, so that reading them is in no time; the joules belong to
    /// the time between the two readings.
    ///
    /// - Parameter isAligned: wait for an update of the counters at both ends. Needed where the power before or after
    ///   differs from the body's, since a stale counter would swap one for the other.
    func cost(isAligned: Bool = false, of body: () throws -> Void) throws -> Cost {
        let energyBefore = try reading(isAligned)
        let cpuBefore = clock.cpuSeconds()
        let start = clock.now()
        try body()
        let end = clock.now()
        let cpuAfter = clock.cpuSeconds()
        let energyAfter = try reading(isAligned)
        var cost = Cost(seconds: end.seconds(since: start), cpuSeconds: cpuAfter - cpuBefore)
        if let meter, let energyBefore, let energyAfter {
            cost.meteredSeconds = energyAfter.instant.seconds(since: energyBefore.instant)
            do {
                cost.joules = try meter.joules(from: energyBefore, to: energyAfter)
            } catch {
                guard error.code == .ambiguous else { throw error }
                cost.isAmbiguous = true
            }
        }
        return cost
    }

    private func reading(_ isAligned: Bool) throws -> EnergyReading? {
        guard let meter else { return nil }
        return isAligned ? try meter.readAtUpdateEdge() ?? meter.read() : try meter.read()
    }
}

extension ProfiledStep {
    /// One whole step, its loads of weights kept out: the passes between two loads are one stretch.
    ///
    /// With all weights resident the whole step is a single stretch. Several stretches begin and end at updates of the
    /// counters, since loading draws another power than computing.
    func costOfStep(gauge: CostGauge, checkpoint: () throws -> Void) throws -> Cost {
        var total = Cost()
        let isInterrupted = passes.contains { needsPreparation(layer: $0.layer) }
        var pending = passes[...]
        while let next = pending.first {
            try checkpoint()
            if needsPreparation(layer: next.layer) { try prepare(layer: next.layer) }
            total += try gauge.cost(isAligned: isInterrupted) {
                repeat {
                    try run(pending.removeFirst())
                } while pending.first.map { !needsPreparation(layer: $0.layer) } ?? false
            }
        }
        return total
    }
}
