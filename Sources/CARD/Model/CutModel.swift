import Quantities
import Statistics

/// Delay and energy of every cut at any server clock: what a level of the ladder hands to the solver.
///
///     D(c,f) = A(c)/R_down + T [ t_dev(c) + S(c)/R_up + t_srv(c,f) + G(c)/R_down ] + A(c)/R_up + latency(c)
///     E(c,f) = T e_srv(c,f)
///     t_srv(c,f) = t_srv(c) (a + (1 - a) f0/f),  e_srv(c,f) = e_srv(c) P(f)/P(f0) t_srv(c,f)/t_srv(c)
///
/// With a = 0 and P as f³, as in the paper, time goes as 1/f and energy as f². Our reconstruction of CARD's delay and
/// energy model (arXiv 2412.00090): the paper's body was not at hand.
package struct CutModel: Sendable {
    package var level: ModelLevel
    /// Ascending by cut; not empty.
    package var cuts: [CutCost]
    package var clock: ServerFrequency
    package var power = PowerShape.cubic
    package var link: Link
    /// Local steps of a round, T.
    package var steps: Int
    /// Whether half a round trip is counted for every message; the paper's form has ideal rates only.
    package var countsLatency: Bool
    /// Parts that a batch is cut into so that computing and communication overlap; 1 is none.
    package var microBatches = 1
    package var scope = EnergyScope.computing
    /// What the server draws while it waits, where that counts.
    package var idleWatts = 0.0
    package var delayOrigin: Origin
    /// `unavailable` when no cut has a figure of server energy.
    package var energyOrigin: Origin
    /// What the figures rest on, one sentence each.
    package var assumptions: [String]

    package init(
        level: ModelLevel, cuts: [CutCost], clock: ServerFrequency, link: Link, steps: Int, countsLatency: Bool,
        delayOrigin: Origin, energyOrigin: Origin, assumptions: [String]
    ) {
        self.level = level
        self.cuts = cuts
        self.clock = clock
        self.link = link
        self.steps = steps
        self.countsLatency = countsLatency
        self.delayOrigin = delayOrigin
        self.energyOrigin = energyOrigin
        self.assumptions = assumptions
    }

    /// Where a round's time goes, in seconds, at the server clock `ratio` · f0.
    package func delay(_ cost: CutCost, ratio: Double) -> DelayParts {
        let (steps, traffic) = (Double(steps), cost.traffic)
        let messages = steps * Double(traffic.stepMessages) + Double(traffic.roundMessages)
        var parts = DelayParts(
            deviceSeconds: steps * cost.deviceSeconds.value,
            uplinkSeconds: steps * traffic.uplinkBytes * 8 / link.uplinkBitsPerSecond,
            serverSeconds: steps * cost.serverSeconds.value * cost.serverTimeFactor(ratio),
            downlinkSeconds: steps * traffic.downlinkBytes * 8 / link.downlinkBitsPerSecond,
            adapterSeconds: traffic.adapterBytes * 8 / link.downlinkBitsPerSecond
                + traffic.adapterBytes * 8 / link.uplinkBitsPerSecond,
            latencySeconds: countsLatency ? messages * link.roundTripSeconds / 2 : 0)
        if microBatches > 1 { parts.overlapSeconds = overlap(parts, cost) }
        return parts
    }

    private func overlap(_ parts: DelayParts, _ cost: CutCost) -> Double {
        let latency = countsLatency ? Double(steps * cost.traffic.stepMessages) * link.roundTripSeconds / 2 : 0
        // Stages of all steps together: a step's pipeline is as long as a T-th of it.
        let pipeline = Pipeline(
            forward: parts.deviceSeconds * cost.deviceForwardShare, uplink: parts.uplinkSeconds,
            server: parts.serverSeconds, downlink: parts.downlinkSeconds,
            backward: parts.deviceSeconds * (1 - cost.deviceForwardShare), latency: latency,
            microBatches: microBatches)
        let inTurn =
            parts.deviceSeconds + parts.uplinkSeconds + parts.serverSeconds + parts.downlinkSeconds + latency
        return max(0, inTurn - pipeline.seconds)
    }

    /// The round's delay with the interval that the layers' times give it; the link is taken as exact.
    ///
    /// Half widths of one calibration's layers were added up, since they move together; device and server are two
    /// calibrations, taken as independent.
    package func delayEstimate(_ cost: CutCost, ratio: Double) -> Estimate {
        let server = cost.serverSeconds.scaled(by: cost.serverTimeFactor(ratio))
        var estimate = (cost.deviceSeconds + server).scaled(by: Double(steps))
        estimate.value = delay(cost, ratio: ratio).total
        return estimate
    }

    /// Server energy at `ratio` = f / f0 over that at f0.
    package func energyFactor(_ cost: CutCost, ratio: Double) -> Double {
        cost.serverFixedShare == 0 && power == .cubic
            ? ratio * ratio : power.factor(ratio) * cost.serverTimeFactor(ratio)
    }

    /// The energy of a round that counts, in joules.
    package func energy(_ cost: CutCost, ratio: Double) -> Estimate? {
        guard var joules = cost.serverJoules?.scaled(by: Double(steps) * energyFactor(cost, ratio: ratio)) else {
            return nil
        }
        if scope != .computing {
            let parts = delay(cost, ratio: ratio)
            joules.value += idleWatts * max(0, parts.total - parts.serverSeconds)
        }
        if scope == .device, let device = cost.deviceJoules {
            joules = joules + device.scaled(by: Double(steps))
        }
        return joules
    }

    /// Whether the best clock of a cut has a closed form: time as 1/f, energy as f², nothing at the same time.
    func hasClosedForm(_ cost: CutCost) -> Bool {
        clock.stepRatios == nil && microBatches == 1 && cost.serverFixedShare == 0 && power == .cubic
    }
}
