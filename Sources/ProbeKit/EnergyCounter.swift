import SystemIO

/// Differences of energy counters that wrap.
package enum EnergyCounter {
    /// No domain of a box Kerf is made for draws more than this; it bounds how soon a counter can wrap where the domain
    /// states no maximum of its own.
    package static let maximumWatts = 2000.0

    /// How stale a counter may be: energy drawn before the first reading may be shown only in the second. RAPL is
    /// stale by a millisecond, slow chips by up to a second.
    static let stalenessSeconds = 1.0

    /// The energy between two readings of one counter, in microjoules.
    ///
    /// Equal readings are zero energy: the counter has not been updated, or it drew nothing. Otherwise the readings
    /// leave the number of wraps open, and what can have been drawn decides: of all differences that fit the readings,
    /// exactly one must lie below `maximumWatts` times the elapsed time. That is no wrap or one: where it can have been
    /// another turn more, the readings have two answers, and the window is refused. A rise that the maximum does not allow
    /// has none: the counter was reset, or a reading was damaged. A turn of the counter is never made up to explain it.
    ///
    /// Source: Documentation/power/powercap/powercap.rst, `max_energy_range_uj`: the range of the counter, after
    /// which it starts again at zero.
    ///
    /// - Parameters:
    ///   - range: the counter's own range in microjoules, or `nil` when the kernel does not tell it; then a decrease
    ///     cannot be explained and is refused.
    ///   - elapsedSeconds: time between the readings.
    ///   - maximumWatts: more than this the domain never draws. A generous bound is meant: the counter's staleness is
    ///     added only where a rise is judged impossible.
    /// - Throws: ``KerfError/Code/ambiguousReading`` when the readings allow no answer or several;
    ///   ``KerfError/Code/invalidReading`` when a reading lies beyond the range.
    package static func microjoules(
        from start: UInt64, to end: UInt64, range: UInt64?, elapsedSeconds: Double,
        maximumWatts: Double = EnergyCounter.maximumWatts
    ) throws(KerfError) -> UInt64 {
        let possible = maximumWatts * (elapsedSeconds + stalenessSeconds) * 1e6
        guard let range, range > 0 else {
            guard end >= start else {
                throw KerfError(
                    .ambiguousReading, "counter fell from \(start) to \(end) µJ and its range is not known")
            }
            guard Double(end - start) <= possible else { throw impossible(start, end, elapsedSeconds, maximumWatts) }
            return end - start
        }
        guard start <= range, end <= range else {
            throw KerfError(
                .invalidReading, "reading \(max(start, end)) µJ is beyond the counter's range of \(range) µJ")
        }
        let difference = end >= start ? end - start : range - start + end
        guard Double(difference) <= possible else { throw impossible(start, end, elapsedSeconds, maximumWatts) }
        // One more turn would also fit into what the box can have drawn: two answers, so none.
        guard Double(difference) + Double(range) > maximumWatts * elapsedSeconds * 1e6 else {
            throw KerfError(
                .ambiguousReading,
                "counter may have wrapped more than once in \(elapsedSeconds) s (range \(range) µJ, \(maximumWatts) W at most)",
                remedy: "use shorter windows")
        }
        return difference
    }

    /// Whether a later reading can follow from an earlier one at all. A fall of a counter of unknown range may be a wrap.
    static func follows(
        _ start: UInt64, _ end: UInt64, range: UInt64?, elapsedSeconds: Double, maximumWatts: Double
    ) -> Bool {
        guard let fewest = end >= start ? end - start : range.map({ $0 >= start ? $0 - start + end : end }) else {
            return true
        }
        return Double(fewest) <= maximumWatts * (elapsedSeconds + stalenessSeconds) * 1e6
    }

    static func impossible(
        _ start: UInt64, _ end: UInt64, _ seconds: Double, _ watts: Double
    ) -> KerfError {
        KerfError(
            .ambiguousReading,
            "counter went from \(start) to \(end) µJ in \(seconds) s, which \(watts) W do not explain: it was reset, or a "
                + "reading is damaged")
    }
}
