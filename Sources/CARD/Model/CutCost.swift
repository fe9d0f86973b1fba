public import Statistics

/// What one cut costs a step, before the server's clock is chosen.
///
/// A rung of the ladder fills one in for every cut; the solver knows nothing else of it. Costs of the server are stated
/// at the reference clock f0 of ``ServerClock``.
public struct CutCost: Sendable, Hashable {
    /// The device runs blocks 1...cut; 0 is server-only, L device-only.
    public var cut: Int
    /// Device computation of one step, forward and backward.
    public var deviceSeconds: Estimate
    /// Share of the device's time that its forward passes take; matters where computing overlaps with communication.
    public var deviceForwardShare = 1.0 / 3
    /// Server computation of one step at the reference clock.
    public var serverSeconds: Estimate
    /// Share of the server's time at the reference clock that does not depend on the clock; 0 is the paper's 1/f.
    public var serverFixedShare = 0.0
    /// Server energy of one step at the reference clock; `nil` when there is no figure.
    public var serverJoules: Estimate?
    /// Device energy of one step; `nil` where it does not count.
    public var deviceJoules: Estimate?
    public var traffic: CutTraffic
    /// Why the cut may not be chosen; `nil` when it may.
    public var exclusion: String?

    public init(
        cut: Int, deviceSeconds: Estimate, serverSeconds: Estimate, serverJoules: Estimate?, traffic: CutTraffic
    ) {
        self.cut = cut
        self.deviceSeconds = deviceSeconds
        self.serverSeconds = serverSeconds
        self.serverJoules = serverJoules
        self.traffic = traffic
    }

    /// Server time at `ratio` = f / f0 over that at f0: T(f) = a + b / f.
    public func serverTimeFactor(_ ratio: Double) -> Double {
        serverFixedShare == 0 ? 1 / ratio : serverFixedShare + (1 - serverFixedShare) / ratio
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
