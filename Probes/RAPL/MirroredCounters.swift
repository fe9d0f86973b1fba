/// Whether two zones show one counter.
///
/// Some processors keep one energy counter for a whole socket and show it in the zone of each of its dies (AMD
/// Threadripper 1950X); others keep one for each die (Cascade Lake-AP), and then both count. Names do not tell which,
/// so the counters themselves are looked at.
///
/// Two views of one counter differ only by what was drawn between the two reads: power times some milliseconds (an
/// update interval or two). Two counters differ by all that their dies have drawn unalike since the box started,
/// which is far more after a few seconds of running.
///
/// - On a box whose counters move, the power is seen between two looks, and both looks must agree to within that
///   power times ``skewSeconds``.
/// - On a captured tree nothing moves, and neither the power nor the time between the two reads is known. There the
///   counters must agree to ``capturedFraction`` of their value. The capture at hand differs by 3.2e-5.
enum MirroredCounters {
    /// A zone's counter at two moments.
    struct Looks: Sendable {
        var first: UInt64
        var second: UInt64
        /// Seconds from the first to the second.
        var elapsed: Double
    }

    /// How far apart in time two views of one counter may lie: reads in turn, each up to an update interval stale.
    static let skewSeconds = 4e-3
    static let capturedFraction = 1e-4
    /// Counter units are tens of microjoules; two views may differ by a few of them whatever the power.
    static let quantumMicrojoules = 500.0

    /// - Parameter range: the range of both counters; counters of different ranges are never one.
    static func areSameCounter(_ left: Looks, _ right: Looks, range: UInt64?) -> Bool {
        let offsets = [distance(left.first, right.first, range), distance(left.second, right.second, range)]
        let growth = max(distance(left.first, left.second, range), distance(right.first, right.second, range))
        if growth == 0 {
            return offsets[0] <= capturedFraction * Double(max(left.first, right.first))
        }
        let tolerance = growth / left.elapsed * skewSeconds + quantumMicrojoules
        return offsets.allSatisfy { $0 <= tolerance }
    }

    /// The shorter way between two readings round the counter's range, in microjoules.
    private static func distance(_ left: UInt64, _ right: UInt64, _ range: UInt64?) -> Double {
        let straight = left > right ? left - right : right - left
        guard let range, straight <= range else { return Double(straight) }
        return Double(min(straight, range - straight))
    }
}
