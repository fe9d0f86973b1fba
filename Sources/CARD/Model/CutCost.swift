import Statistics

/// What one cut costs a step, before the server's clock is chosen.
///
/// A level of the ladder fills one in for every cut; the solver knows nothing else of it. Costs of the server are stated
/// at the reference clock f0 of ``ServerFrequency``.
package struct CutCost: Sendable, Hashable {
    /// The device runs blocks 1...cut; 0 is server-only, L device-only.
    package var cut: Int
    /// Device computation of one step, forward and backward.
    package var deviceSeconds: Estimate
    /// Share of the device's time that its forward passes take; matters where computing overlaps with communication.
    package var deviceForwardShare = 1.0 / 3
    /// Server computation of one step at the reference clock.
    package var serverSeconds: Estimate
    /// Share of the server's time at the reference clock that does not depend on the clock; 0 is the paper's 1/f.
    package var serverFixedShare = 0.0
    /// Server energy of one step at the reference clock; `nil` when there is no figure.
    package var serverJoules: Estimate?
    /// Device energy of one step; `nil` where it does not count.
    package var deviceJoules: Estimate?
    package var traffic: CutTraffic
    /// Why the cut may not be chosen; `nil` when it may.
    package var exclusion: String?

    package init(
        cut: Int, deviceSeconds: Estimate, serverSeconds: Estimate, serverJoules: Estimate?, traffic: CutTraffic
    ) {
        self.cut = cut
        self.deviceSeconds = deviceSeconds
        self.serverSeconds = serverSeconds
        self.serverJoules = serverJoules
        self.traffic = traffic
    }

    /// Server time at `ratio` = f / f0 over that at f0: T(f) = a + b / f.
    package func serverTimeFactor(_ ratio: Double) -> Double {
        serverFixedShare == 0 ? 1 / ratio : serverFixedShare + (1 - serverFixedShare) / ratio
    }
}

/// What one cut sends over the link.
package struct CutTraffic: Sendable, Hashable {
    /// Smashed data (or tokens) and targets, each step.
    package var uplinkBytes: Double
    /// The smashed data's gradient, each step.
    package var downlinkBytes: Double
    /// Adapters of the device's blocks, once down and once up in a round.
    package var adapterBytes: Double
    /// Messages of a step, both ways together.
    package var stepMessages: Int
    /// Messages of a round besides.
    package var roundMessages: Int

    package init(
        uplinkBytes: Double, downlinkBytes: Double, adapterBytes: Double, stepMessages: Int, roundMessages: Int
    ) {
        self.uplinkBytes = uplinkBytes
        self.downlinkBytes = downlinkBytes
        self.adapterBytes = adapterBytes
        self.stepMessages = stepMessages
        self.roundMessages = roundMessages
    }
}
