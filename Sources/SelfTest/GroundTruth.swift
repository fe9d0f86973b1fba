/// What a self-test plants in its virtual box, and so knows.
package struct GroundTruth: Codable, Sendable, Hashable {
    /// Drawn while the layer runs, the idle box included.
    package var layerWatts: Double
    /// Drawn by the idle box in the middle of the run.
    package var idleWatts: Double
    package var layerSeconds: Double
    /// Relative standard deviation of one pass's duration, and apart from that of its power.
    package var jitter: Double
    /// Change of the idle power from the run's start to the end of its budget, over its mean. It heats the layer's
    /// power as well.
    package var idleDrift: Double
    /// Share of the stretches between two looks at the box in which it is throttled.
    package var throttledShare: Double
    /// Time in which the layer takes the counter once round its range; `nil` for a counter that does not wrap.
    package var wrapSeconds: Double?
    /// The counter's unit.
    package var resolutionJoules: Double
    /// What the domain is known to draw at most, as a processor's power limits tell it: it bounds how often the counter
    /// can have wrapped.
    package var maximumWatts: Double

    /// A unit of client processors (1/2^14 J).
    package static let usualResolutionJoules = 1.0 / 16384
    /// The most that a domain is known to draw over what it draws here, unless it is planted.
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

    /// Of one pass in the middle of the run.
    package var grossJoules: Double { layerWatts * layerSeconds }
    /// The same less the idle box.
    package var netJoules: Double { (layerWatts - idleWatts) * layerSeconds }
    /// The counter's range in microjoules.
    var rangeMicrojoules: UInt64? { wrapSeconds.map { UInt64(max(1, $0 * layerWatts * 1e6)) } }
}
