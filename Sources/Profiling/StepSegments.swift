import ProbeKit

/// What a stretch of work cost.
struct Cost {
    var seconds = 0.0
    var cpuSeconds = 0.0
    /// By domain identifier; empty without a meter.
    var joules: [String: Double] = [:]
    /// Whether the counters allowed more than one answer, so that `joules` says nothing.
    var isAmbiguous = false

    static func += (sum: inout Cost, part: Cost) {
        sum.seconds += part.seconds
        sum.cpuSeconds += part.cpuSeconds
        sum.joules.merge(part.joules, uniquingKeysWith: +)
        sum.isAmbiguous = sum.isAmbiguous || part.isAmbiguous
    }
}

/// Clock and counters, read together at the two ends of a stretch of work.
struct CostGauge {
    let clock: any ExperimentClock
    let meter: (any EnergyMeter)?

    /// What `body` cost. The counters are read first and last, outside the clock readings, so that their own time
    /// is in no window's length twice.
    func cost(of body: () throws -> Void) throws -> Cost {
        let energyBefore = try meter?.read()
        let cpuBefore = clock.cpuSeconds()
        let start = clock.now()
        try body()
        let end = clock.now()
        let cpuAfter = clock.cpuSeconds()
        let energyAfter = try meter?.read()
        var cost = Cost(seconds: end.seconds(since: start), cpuSeconds: cpuAfter - cpuBefore)
        if let meter, let energyBefore, let energyAfter {
            do {
                cost.joules = try meter.joules(from: energyBefore, to: energyAfter)
            } catch {
                guard error.code == .ambiguous else { throw error }
                cost.isAmbiguous = true
            }
        }
        return cost
    }
}

extension ProfiledStep {
    /// One whole step, its loads of weights kept out: the passes between two loads are one stretch.
    ///
    /// With all weights resident the whole step is a single stretch.
    func costOfStep(gauge: CostGauge, checkpoint: () throws -> Void) throws -> Cost {
        var total = Cost()
        var pending = passes[...]
        while let next = pending.first {
            try checkpoint()
            if needsPreparation(layer: next.layer) { try prepare(layer: next.layer) }
            total += try gauge.cost {
                repeat {
                    try run(pending.removeFirst())
                } while pending.first.map { !needsPreparation(layer: $0.layer) } ?? false
            }
        }
        return total
    }
}
