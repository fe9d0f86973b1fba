import Quantities
import Statistics

/// Delay and energy of every cut at any server frequency: the output of a model level and the input of the solver.
///
///     D(c,f) = A(c)/R_down + T [ t_dev(c) + S(c)/R_up + t_srv(c,f) + G(c)/R_down ] + A(c)/R_up + latency(c)
///     E(c,f) = T e_srv(c,f)
///     t_srv(c,f) = t_srv(c) (a + (1 - a) f0/f),  e_srv(c,f) = e_srv(c) P(f)/P(f0) t_srv(c,f)/t_srv(c)
///
/// With a = 0 and P proportional to f³, as in the paper, time is proportional to 1/f and energy to f². This is our
/// reconstruction of CARD's delay and energy model (arXiv 2412.00090); the paper's body was not available to us.
package struct CutModel: Sendable {
    package var level: ModelLevel
    /// Ascending by cut; not empty.
    package var cuts: [CutCost]
    package var frequency: ServerFrequency
    package var power = PowerShape.cubic
    package var link: Link
    /// Local steps of a round, T.
    package var steps: Int
    /// Whether every message takes half a round trip; the paper's form has ideal rates only.
    package var countsLatency: Bool
    /// Parts of a batch, so that computation and communication overlap; 1 is no overlap.
    package var microBatches = 1
    package var scope = EnergyScope.computing
    /// What the server's energy was computed from; `nil` where there is none.
    package var energyBasis: EnergyBasis?
    /// Power of the waiting server, where it counts.
    package var idleWatts = 0.0
    package var delayOrigin: Origin
    /// `unavailable` when no cut has a value of server energy.
    package var energyOrigin: Origin
    /// Assumptions of the model, one sentence each.
    package var assumptions: [String]

    package init(
        level: ModelLevel, cuts: [CutCost], frequency: ServerFrequency, link: Link, steps: Int, countsLatency: Bool,
        delayOrigin: Origin, energyOrigin: Origin, assumptions: [String]
    ) {
        self.level = level
        self.cuts = cuts
        self.frequency = frequency
        self.link = link
        self.steps = steps
        self.countsLatency = countsLatency
        self.delayOrigin = delayOrigin
        self.energyOrigin = energyOrigin
        self.assumptions = assumptions
    }

    /// Parts of a round's delay at the server frequency `ratio` · f0.
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
        // Stages of all T steps together: T times the pipeline of one step.
        let pipeline = Pipeline(
            forward: parts.deviceSeconds * cost.deviceForwardShare, uplink: parts.uplinkSeconds,
            server: parts.serverSeconds, downlink: parts.downlinkSeconds,
            backward: parts.deviceSeconds * (1 - cost.deviceForwardShare), latency: latency,
            microBatches: microBatches)
        let sequential =
            parts.deviceSeconds + parts.uplinkSeconds + parts.serverSeconds + parts.downlinkSeconds + latency
        return max(0, sequential - pipeline.seconds)
    }

    /// A round's delay with the interval from the layers' times; the link is taken as exact.
    ///
    /// The half widths of one calibration's layers add, since their errors are correlated; device and server are two
    /// calibrations and taken as independent.
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

    /// Energy of a round within the model's scope, in joules.
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

    /// Whether the best frequency of a cut has a closed form: time as 1/f, energy as f², no overlap.
    func hasClosedForm(_ cost: CutCost) -> Bool {
        frequency.stepRatios == nil && microBatches == 1 && cost.serverFixedShare == 0 && power == .cubic
    }
}
