import ProbeKit

/// The speed that the processor had in most of a run, by the time of a fixed piece of arithmetic: which samples belong to it.
///
/// On a host with other tenants the processor has two or three speeds, of which the fastest is its own. A speed counts only
/// where a fifth of the measured time was as fast or faster. Later measurements can change which speed prevails, so that
/// samples that were kept may turn out to be slow.
struct PrevailingSpeed {
    /// Share of the measured time that has to be as fast, or faster.
    static let share = 0.2

    /// Times of the arithmetic, ascending, each with the seconds that were measured.
    private var times: [(reference: Double, seconds: Double)] = []
    private var totalSeconds = 0.0
    /// The time of the arithmetic at the prevailing speed; `nil` before the first sample.
    private(set) var referenceSeconds: Double?

    /// - Parameters:
    ///   - reference: time of the arithmetic, the longer of those before and after a measurement.
    ///   - seconds: that the measurement took.
    /// - Returns: whether the speed is another one now, so that earlier samples have to be judged again.
    mutating func add(_ reference: Double, seconds: Double) -> Bool {
        let place = times.firstIndex { $0.reference > reference } ?? times.count
        times.insert((reference, seconds), at: place)
        totalSeconds += seconds
        var sum = 0.0
        let prevailing = times.first {
            sum += $0.seconds
            return sum >= Self.share * totalSeconds
        }?.reference
        guard let prevailing, let present = referenceSeconds else {
            referenceSeconds = prevailing
            return false
        }
        // Small steps would judge all samples anew with each.
        guard !Self.isNear(prevailing, present) else { return false }
        referenceSeconds = prevailing
        return true
    }

    /// - Parameter reference: `nil` where the speed is not known, which excludes nothing.
    func includes(_ reference: Double?) -> Bool {
        guard let reference, let prevailing = referenceSeconds else { return true }
        return BoxConditions.isSameSpeed(reference, prevailing)
    }

    private static func isNear(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 0.03 * other }
}
