import ProbeKit
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// What can be found of a meter by watching it: how often it is renewed and in what steps.
package struct MeterObservation {
    package let updateIntervalSeconds: Quantity
    package let resolutionJoules: Quantity
    package let updates: CounterUpdates?

    /// Long enough for some hundreds of RAPL's updates.
    package static let seconds = 0.3
    /// For a counter that steps so slowly that there were fewer intervals than ``fewestIntervals``.
    package static let longestSeconds = 5.0
    package static let fewestIntervals = 10

    /// Watches the meter for ``seconds``, a slow one for six of its samples.
    package init(of meter: any EnergyMeter) throws(KerfError) {
        let step = meter.sampling?.intervalSeconds ?? 0
        let seconds = max(Self.seconds, 6 * step)
        // A sampled counter steps when its thread wakes up: polling without pause would only keep it from that.
        var watch = try meter.watchUpdates(for: seconds, pauseSeconds: step / 8)
        if step == 0, watch.intervals.count < Self.fewestIntervals {
            watch = try meter.watchUpdates(for: Self.longestSeconds, orUntil: Self.fewestIntervals)
        }
        let unchanged = "the counter did not change within \(seconds) s"
        let observed = Estimate.median(of: watch.intervals).map { Quantity($0, origin: meter.origin) }
        if let refresh = meter.sampling?.refreshSeconds, refresh > observed?.value ?? 0 {
            // The counter of a sampled meter steps at every sample; what it knows is renewed less often.
            updateIntervalSeconds = Quantity(
                value: refresh, count: 1, origin: meter.origin,
                reason: "the sensor's own interval; it is sampled more often")
            updates = CounterUpdates(intervalsSeconds: [refresh], resolutionJoules: watch.updates?.resolutionJoules)
        } else {
            updates = watch.updates
            updateIntervalSeconds = observed ?? .unavailable(unchanged)
        }
        resolutionJoules =
            watch.smallestStepMicrojoules.map {
                Quantity(
                    value: Double($0) * 1e-6, count: watch.intervals.count + 1, origin: meter.origin,
                    reason: "smallest step seen of the first counted domain; its unit may be finer")
            } ?? .unavailable(unchanged)
    }
}
