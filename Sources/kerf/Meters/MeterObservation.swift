import Calibration
import ProbeKit
import Statistics

/// What can be found of a meter by watching it: how often it is renewed and in what steps.
struct MeterObservation {
    let updateIntervalSeconds: Quantity
    let resolutionJoules: Quantity

    /// Long enough for some hundreds of RAPL's updates.
    static let seconds = 0.3

    /// Watches the meter for ``seconds``, a slow one for six of its samples.
    init(of meter: any EnergyMeter) throws(ProbeError) {
        let step = meter.sampling?.intervalSeconds ?? 0
        let seconds = max(Self.seconds, 6 * step)
        // A sampled counter steps when its thread wakes up: polling without pause would only keep it from that.
        let updates = try meter.watchUpdates(for: seconds, pauseSeconds: step / 8)
        let unchanged = "the counter did not change within \(seconds) s"
        let observed = Estimate.median(of: updates.intervals).map { Quantity($0, origin: meter.origin) }
        if let refresh = meter.sampling?.refreshSeconds, refresh > observed?.value ?? 0 {
            // The counter of a sampled meter steps at every sample; what it knows is renewed less often.
            updateIntervalSeconds = Quantity(
                value: refresh, count: 1, origin: meter.origin,
                reason: "the sensor's own interval; it is sampled more often")
        } else {
            updateIntervalSeconds = observed ?? .unavailable(unchanged)
        }
        resolutionJoules =
            updates.smallestStep.map {
                Quantity(
                    value: Double($0) * 1e-6, count: updates.intervals.count + 1, origin: meter.origin,
                    reason: "smallest step seen of the first counted domain; its unit may be finer")
            } ?? .unavailable(unchanged)
    }
}
