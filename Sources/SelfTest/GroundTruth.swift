/// The true powers and times of a self-test's virtual box.
package struct GroundTruth: Codable, Sendable, Hashable {
    /// Power while the layer runs, the idle box included.
    package var layerWatts: Double
    /// Power of the idle box in the middle of the run.
    package var idleWatts: Double
    package var layerSeconds: Double
    /// Relative standard deviation of a pass's duration, and independently of its power.
    package var jitter: Double
    /// Change of the idle power from the run's start to the end of its budget, over its mean. The layer's power changes by
    /// as many watts.
    package var idleDrift: Double
    /// Share of the measurements in which the box is throttled.
    package var throttledShare: Double
    /// Time of the layer after which the counter wraps; `nil` for a counter that does not wrap.
    package var wrapSeconds: Double?
    /// The counter's unit.
    package var resolutionJoules: Double
    /// Upper limit of the domain's power, like a processor's power limit: it bounds how often the counter can have wrapped.
    package var maximumWatts: Double

    /// The unit of client processors (1/2^14 J).
    package static let usualResolutionJoules = 1.0 / 16384
    /// Default of the upper limit over the layer's power.
    package static let usualHeadroom = 4.0

    package init(
        layerWatts: Double, idleWatts: Double, layerSeconds: Double, jitter: Double = 0.02, idleDrift: Double = 0,
        throttledShare: Double = 0, wrapSeconds: Double? = nil,
        resolutionJoules: Double = GroundTruth.usualResolutionJoules, maximumWatts: Double? = nil
    ) {
        self.layerWatts = layerWatts
        self.idleWatts = idleWatts
        self.layerSeconds = layerSeconds
        self.jitter = jitter
        self.idleDrift = idleDrift
        self.throttledShare = throttledShare
        self.wrapSeconds = wrapSeconds
        self.resolutionJoules = resolutionJoules
        self.maximumWatts = maximumWatts ?? Self.usualHeadroom * layerWatts
    }

    /// Energy of one pass in the middle of the run.
    package var grossJoules: Double { layerWatts * layerSeconds }
    /// Energy of one pass less that of the idle box.
    package var netJoules: Double { (layerWatts - idleWatts) * layerSeconds }
    /// The counter's range in microjoules.
    var rangeMicrojoules: UInt64? { wrapSeconds.map { UInt64(max(1, $0 * layerWatts * 1e6)) } }
}
