import ProfileFormat
import SystemIO

/// Differences of energy counters that wrap.
package enum EnergyCounter {
    /// Upper bound of any domain's power. It bounds how soon a counter can wrap where the domain states no maximum.
    package static let maximumWatts = 2000.0

    /// Maximum staleness of a counter: energy drawn before the first reading may appear only in the second. RAPL is stale by
    /// a millisecond, slow chips by up to a second.
    static let stalenessSeconds = 1.0

    /// The energy between two readings of one counter, in microjoules.
    ///
    /// Equal readings are zero energy: the counter was not updated, or nothing was drawn. Otherwise the number of wraps is
    /// unknown, and `maximumWatts` times the elapsed time bounds the energy. The window is refused where the bound allows
    /// another wrap, since there are two solutions then. A rise above the bound has no solution: the counter was reset, or a
    /// reading is damaged. No wrap is assumed to explain it.
    ///
    /// Source: Documentation/power/powercap/powercap.rst, `max_energy_range_uj`: the range of the counter, after
    /// which it starts again at zero.
    ///
    /// - Parameters:
    ///   - range: the counter's own range in microjoules, or `nil` when it is unknown; then a decrease is
    ///     refused.
    ///   - elapsedSeconds: time between the readings.
    ///   - maximumWatts: a generous upper bound of the domain's power. The counter's staleness is added only to decide that
    ///     a rise is impossible.
    /// - Throws: ``KerfError/Code/ambiguousReading`` when the readings allow no solution or several;
    ///   ``KerfError/Code/invalidReading`` when a reading is beyond the range.
    package static func microjoules(
        from start: UInt64, to end: UInt64, range: UInt64?, elapsedSeconds: Double,
        maximumWatts: Double = EnergyCounter.maximumWatts
    ) throws(KerfError) -> UInt64 {
        let possible = maximumWatts * (elapsedSeconds + stalenessSeconds) * 1e6
        guard let range, range > 0 else {
            guard end >= start else {
                throw KerfError(
                    .ambiguousReading, "counter fell from \(start) to \(end) µJ and its range is unknown")
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
        // The box can also have drawn one wrap range more, so there are two solutions.
        guard Double(difference) + Double(range) > maximumWatts * elapsedSeconds * 1e6 else {
            throw KerfError(
                .ambiguousReading,
                "counter may have wrapped more than once in \(elapsedSeconds) s (range \(range) µJ, \(maximumWatts) W at most)",
                remedy: "use shorter windows")
        }
        return difference
    }

    /// Whether a later reading is possible after an earlier one. A counter of unknown range that falls may have wrapped.
    static func follows(
        _ start: UInt64, _ end: UInt64, range: UInt64?, elapsedSeconds: Double, maximumWatts: Double
    ) -> Bool {
        guard let minimum = end >= start ? end - start : range.map({ $0 >= start ? $0 - start + end : end }) else {
            return true
        }
        return Double(minimum) <= maximumWatts * (elapsedSeconds + stalenessSeconds) * 1e6
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

extension EnergyDomain {
    /// The energy between two readings of this domain's counter; see ``EnergyCounter``.
    package func microjoules(
        from start: UInt64, to end: UInt64, elapsedSeconds: Double
    ) throws(KerfError) -> UInt64 {
        try EnergyCounter.microjoules(
            from: start, to: end, range: wrapRangeMicrojoules, elapsedSeconds: elapsedSeconds,
            maximumWatts: maximumWatts ?? EnergyCounter.maximumWatts)
    }

    /// Maximum time between two readings for which their difference is always unambiguous.
    package var unambiguousSeconds: Double {
        wrapRangeMicrojoules.map { Double($0) * 1e-6 / (maximumWatts ?? EnergyCounter.maximumWatts) } ?? .infinity
    }
}
