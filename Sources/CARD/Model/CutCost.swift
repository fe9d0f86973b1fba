import Statistics

/// Costs of one cut per training step, before the server's frequency is chosen.
///
/// A model level fills in one for each cut, and the solver uses nothing else. The server's costs are stated at the
/// reference frequency f0 of ``ServerFrequency``.
package struct CutCost: Sendable, Hashable {
    /// The device runs blocks 1...cut; 0 is server-only, L device-only.
    package var cut: Int
    /// Device computation of one step, forward and backward.
    package var deviceSeconds: Estimate
    /// Share of the device's time in forward passes; used where computation and communication overlap.
    package var deviceForwardShare = 1.0 / 3
    /// Server computation of one step at the reference frequency.
    package var serverSeconds: Estimate
    /// Share of the server's time at the reference frequency that does not depend on it; 0 is the paper's 1/f.
    package var serverFixedShare = 0.0
    /// Server energy of one step at the reference frequency; `nil` when it is not known.
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

/// Link traffic of one cut.
package struct CutTraffic: Sendable, Hashable {
    /// Smashed data (or tokens) and targets, each step.
    package var uplinkBytes: Double
    /// The smashed data's gradient, each step.
    package var downlinkBytes: Double
    /// Adapters of the device's blocks, sent once down and once up per round.
    package var adapterBytes: Double
    /// Messages per step, both directions together.
    package var stepMessages: Int
    /// Further messages per round.
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
