public import Statistics

/// Delay and energy of every cut at any server clock: what a rung of the ladder hands to the solver.
///
///     D(c,f) = A(c)/R_down + T [ t_dev(c) + S(c)/R_up + t_srv(c) f0/f + G(c)/R_down ] + A(c)/R_up + latency(c)
///     E(c,f) = T e_srv(c) (f/f0)²
///
/// Our reconstruction of CARD's delay and energy model (arXiv 2412.00090): the paper's body was not at hand.
public struct CutModel: Sendable {
    public var rung: Rung
    /// Ascending by cut; not empty.
    public var cuts: [CutCost]
    public var clock: ServerClock
    public var link: Link
    /// Local steps of a round, T.
    public var steps: Int
    /// Whether half a round trip is counted for every message; the paper's form has ideal rates only.
    public var countsLatency: Bool
    public var delayOrigin: Origin
    /// `unavailable` when no cut has a figure of server energy.
    public var energyOrigin: Origin
    /// What the figures rest on, one sentence each.
    public var assumptions: [String]

    public init(
        rung: Rung, cuts: [CutCost], clock: ServerClock, link: Link, steps: Int, countsLatency: Bool,
        delayOrigin: Origin, energyOrigin: Origin, assumptions: [String]
    ) {
        self.rung = rung
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
    public func delay(_ cost: CutCost, ratio: Double) -> DelayParts {
        let (steps, traffic) = (Double(steps), cost.traffic)
        let messages = steps * Double(traffic.stepMessages) + Double(traffic.roundMessages)
        return DelayParts(
            deviceSeconds: steps * cost.deviceSeconds.value,
            uplinkSeconds: steps * traffic.uplinkBytes * 8 / link.uplinkBitsPerSecond,
            serverSeconds: steps * cost.serverSeconds.value / ratio,
            downlinkSeconds: steps * traffic.downlinkBytes * 8 / link.downlinkBitsPerSecond,
            adapterSeconds: traffic.adapterBytes * 8 / link.downlinkBitsPerSecond
                + traffic.adapterBytes * 8 / link.uplinkBitsPerSecond,
            latencySeconds: countsLatency ? messages * link.roundTripSeconds / 2 : 0)
    }

    /// The round's delay with the interval that the layers' times give it; the link is taken as exact.
    ///
    /// Half widths of one calibration's layers were added up, since they move together; device and server are two
    /// calibrations, taken as independent.
    public func delayEstimate(_ cost: CutCost, ratio: Double) -> Estimate {
        var estimate = (cost.deviceSeconds + cost.serverSeconds.scaled(by: 1 / ratio)).scaled(by: Double(steps))
        estimate.value = delay(cost, ratio: ratio).total
        return estimate
    }

    /// The server's energy of a round, in joules.
    public func energy(_ cost: CutCost, ratio: Double) -> Estimate? {
        cost.serverJoules?.scaled(by: Double(steps) * ratio * ratio)
    }
}

/// Where the time of a round goes.
public struct DelayParts: Codable, Sendable, Hashable {
    public var deviceSeconds: Double
    public var uplinkSeconds: Double
    public var serverSeconds: Double
    public var downlinkSeconds: Double
    /// Adapters down before the round and up after it.
    public var adapterSeconds: Double
    /// Half a round trip for every message.
    public var latencySeconds: Double

    public init(
        deviceSeconds: Double, uplinkSeconds: Double, serverSeconds: Double, downlinkSeconds: Double,
        adapterSeconds: Double, latencySeconds: Double
    ) {
        self.deviceSeconds = deviceSeconds
        self.uplinkSeconds = uplinkSeconds
        self.serverSeconds = serverSeconds
        self.downlinkSeconds = downlinkSeconds
        self.adapterSeconds = adapterSeconds
        self.latencySeconds = latencySeconds
    }

    public var total: Double {
        deviceSeconds + uplinkSeconds + serverSeconds + downlinkSeconds + adapterSeconds + latencySeconds
    }
}
