public import Statistics

/// What one cut costs a step, before the server's clock is chosen.
///
/// A rung of the ladder fills one in for every cut; the solver knows nothing else of it. Server time goes as f0 / f
/// and server energy as (f / f0)², where f0 is the reference clock of ``ServerClock``.
public struct CutCost: Sendable, Hashable {
    /// The device runs blocks 1...cut; 0 is server-only, L device-only.
    public var cut: Int
    /// Device computation of one step.
    public var deviceSeconds: Estimate
    /// Server computation of one step at the reference clock.
    public var serverSeconds: Estimate
    /// Server energy of one step at the reference clock; `nil` when there is no figure.
    public var serverJoules: Estimate?
    public var traffic: CutTraffic

    public init(
        cut: Int, deviceSeconds: Estimate, serverSeconds: Estimate, serverJoules: Estimate?, traffic: CutTraffic
    ) {
        self.cut = cut
        self.deviceSeconds = deviceSeconds
        self.serverSeconds = serverSeconds
        self.serverJoules = serverJoules
        self.traffic = traffic
    }
}

/// What one cut sends over the link.
public struct CutTraffic: Sendable, Hashable {
    /// Smashed data (or tokens) and targets, each step.
    public var uplinkBytes: Double
    /// The smashed data's gradient, each step.
    public var downlinkBytes: Double
    /// Adapters of the device's blocks, once down and once up in a round.
    public var adapterBytes: Double
    /// Messages of a step, both ways together.
    public var stepMessages: Int
    /// Messages of a round besides.
    public var roundMessages: Int

    public init(
        uplinkBytes: Double, downlinkBytes: Double, adapterBytes: Double, stepMessages: Int, roundMessages: Int
    ) {
        self.uplinkBytes = uplinkBytes
        self.downlinkBytes = downlinkBytes
        self.adapterBytes = adapterBytes
        self.stepMessages = stepMessages
        self.roundMessages = roundMessages
    }
}

/// The clocks that the server may run at, as ratios to the one its costs are stated at.
public struct ServerClock: Sendable, Hashable {
    /// f0; `nil` where the box does not tell its clock. Then only the ratio 1 is possible.
    public var referenceHertz: Double?
    public var lowestRatio: Double
    public var highestRatio: Double
    /// The weakest of the clocks that these figures were computed from.
    public var origin: Origin

    public init(referenceHertz: Double?, lowestRatio: Double, highestRatio: Double, origin: Origin) {
        self.referenceHertz = referenceHertz
        self.lowestRatio = lowestRatio
        self.highestRatio = highestRatio
        self.origin = origin
    }

    /// Of a box that does not tell its clock.
    static let unknown = ServerClock(referenceHertz: nil, lowestRatio: 1, highestRatio: 1, origin: .unavailable)

    /// Whether there is anything to choose; else nothing is scaled by the clock.
    public var isChosen: Bool { lowestRatio < highestRatio }
}
