/// Decides whether two zones show the same counter.
///
/// Some processors have one energy counter per socket and show it in the zone of each die (AMD Threadripper 1950X).
/// Others have one per die (Cascade Lake-AP), and then both count. The zones' names are alike in both cases, so the
/// counters are compared.
///
/// Two views of one counter differ only by the energy drawn between the two reads: the power times an update interval or
/// two. Two counters differ by the difference in energy of their dies since the box started, which is far more after a
/// few seconds.
///
/// - On a running box the power is known from two samples, and both must agree within that power times
///   ``skewSeconds``.
/// - On a captured tree counters stand still, and neither the power nor the time between the reads is known. The
///   counters must agree within ``capturedFraction`` of their value. In a real capture they differ by 3.2e-5.
enum MirroredCounters {
    /// Two samples of a zone's counter.
    struct Samples: Sendable {
        var first: UInt64
        var second: UInt64
        /// Seconds from the first to the second.
        var elapsed: Double
    }

    /// Maximum time between two views of one counter: they are read one after the other, each up to an update interval old.
    static let skewSeconds = 4e-3
    static let capturedFraction = 1e-4
    /// A few counter units, which are tens of microjoules: two views may differ by them at any power.
    static let quantumMicrojoules = 500.0

    /// - Parameter range: the range of both counters; counters of different ranges are never the same.
    static func areSameCounter(_ left: Samples, _ right: Samples, range: UInt64?) -> Bool {
        let offsets = [distance(left.first, right.first, range), distance(left.second, right.second, range)]
        let growth = max(distance(left.first, left.second, range), distance(right.first, right.second, range))
        if growth == 0 {
            return offsets[0] <= capturedFraction * Double(max(left.first, right.first))
        }
        let tolerance = growth / left.elapsed * skewSeconds + quantumMicrojoules
        return offsets.allSatisfy { $0 <= tolerance }
    }

    /// The shorter distance between two readings around the counter's range, in microjoules.
    private static func distance(_ left: UInt64, _ right: UInt64, _ range: UInt64?) -> Double {
        let straight = left > right ? left - right : right - left
        guard let range, straight <= range else { return Double(straight) }
        return Double(min(straight, range - straight))
    }
}
