import ProbeKit
import ProfileFormat
import Quantities
import Statistics
import SystemIO

/// A meter's update interval and resolution, found by watching it.
package struct MeterObservation {
    package let updateIntervalSeconds: Quantity
    package let resolutionJoules: Quantity
    package let updates: CounterUpdates?

    /// Observation time, enough for hundreds of RAPL updates.
    package static let seconds = 0.3
    /// Maximum time for a slow counter, with fewer intervals than ``minimumIntervals`` in ``seconds``.
    package static let maximumSeconds = 5.0
    package static let minimumIntervals = 10

    /// Watches the meter for ``seconds``, or for six sampling intervals of a slow one.
    ///
    /// - Throws: the error of a failed read; ``KerfError/Code/staleReading`` where a counter of the total does not change: its
    ///   energy would be missing from the total without a sign.
    package init(of meter: any EnergyMeter) throws(KerfError) {
        let step = meter.sampling?.intervalSeconds ?? 0
        let seconds = max(Self.seconds, 6 * step)
        // A sampled counter changes when its thread runs, which polling without pause would delay.
        var watch = try meter.watchUpdates(for: seconds, pauseSeconds: step / 8)
        if step == 0, watch.intervals.count < Self.minimumIntervals {
            watch = try meter.watchUpdates(for: Self.maximumSeconds, orUntil: Self.minimumIntervals)
        }
        try Self.checkFreshness(of: meter, watch)
        let unchanged = "the counter did not change within \(seconds) s"
        let observed = Estimate.median(of: watch.intervals).map { Quantity($0, origin: meter.origin) }
        if let refresh = meter.sampling?.refreshSeconds, refresh > observed?.value ?? 0 {
            // The counter of a sampled meter changes at every sample; the sensor is updated less often.
            updateIntervalSeconds = Quantity(
                value: refresh, count: 1, origin: meter.origin,
                reason: "the sensor's update interval; it is sampled more often")
            updates = CounterUpdates(intervalsSeconds: [refresh], resolutionJoules: watch.updates?.resolutionJoules)
        } else {
            updates = watch.updates
            updateIntervalSeconds = observed ?? .unavailable(unchanged)
        }
        resolutionJoules =
            watch.smallestStepMicrojoules.map {
                Quantity(
                    value: Double($0) * 1e-6, count: watch.intervals.count + 1, origin: meter.origin,
                    reason: "smallest observed step of the first counted domain; its unit may be finer")
            } ?? .unavailable(unchanged)
    }

    /// Sampled power is checked by its sampler, and may be zero in a part.
    private static func checkFreshness(of meter: any EnergyMeter, _ watch: CounterWatch) throws(KerfError) {
        guard meter.sampling == nil else { return }
        if watch.isStill {
            throw KerfError(
                .staleReading, "the counters of \(meter.tree.totalFormula) did not change within \(maximumSeconds) s")
        }
        guard let domain = watch.stoppedDomains.first else { return }
        throw KerfError(
            .staleReading, "the counter of \(domain) stands still while the others move, and the total would lack it")
    }
}
