/// Differences of energy counters that wrap.
public enum EnergyCounter {
    /// No package of a box Kerf is made for draws more than this; it bounds how soon a counter can wrap.
    public static let maximumWatts = 2000.0

    /// The energy between two readings of one counter, in microjoules.
    ///
    /// Equal readings are zero energy: the counter has not been updated, or it drew nothing. A smaller second reading
    /// is one wrap. More wraps cannot be seen in the readings, so a window in which `maximumWatts` could have gone
    /// round the whole range is refused.
    ///
    /// Source: Documentation/power/powercap/powercap.rst, `max_energy_range_uj`: the range of the counter, after
    /// which it starts again at zero.
    ///
    /// - Parameters:
    ///   - range: the counter's own range in microjoules, or `nil` when the kernel does not tell it; then a decrease
    ///     cannot be explained and is refused.
    ///   - elapsedSeconds: time between the readings.
    /// - Throws: ``ProbeError/Code/ambiguous`` when the readings allow no answer or several;
    ///   ``ProbeError/Code/malformed`` when a reading lies beyond the range.
    public static func microjoules(
        from start: UInt64, to end: UInt64, range: UInt64?, elapsedSeconds: Double,
        maximumWatts: Double = EnergyCounter.maximumWatts
    ) throws(ProbeError) -> UInt64 {
        guard let range, range > 0 else {
            guard end >= start else {
                throw ProbeError(
                    .ambiguous, "counter fell from \(start) to \(end) µJ and its range is not known")
            }
            return end - start
        }
        guard start <= range, end <= range else {
            throw ProbeError(.malformed, "reading \(max(start, end)) µJ is beyond the counter's range of \(range) µJ")
        }
        let mostMicrojoules = maximumWatts * elapsedSeconds * 1e6
        let difference = end >= start ? end - start : range - start + end
        // One more turn would also fit into what the box can have drawn: two answers, so none.
        guard Double(difference) + Double(range) > mostMicrojoules else {
            throw ProbeError(
                .ambiguous,
                "counter may have wrapped more than once in \(elapsedSeconds) s (range \(range) µJ)",
                remedy: "use shorter windows")
        }
        return difference
    }
}
