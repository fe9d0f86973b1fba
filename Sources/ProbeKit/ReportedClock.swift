import SystemIO

/// Brings the times of another clock to `CLOCK_MONOTONIC`.
///
/// A sample arrives after its own time, by the clocks' difference and a delay that varies. The least of the differences is
/// that of the clocks and of the least delay, which nothing here can tell apart. It is taken over the latest samples, so that
/// a clock that goes faster or slower is followed.
struct ReportedClock: Sendable {
    private static let considered = 128
    /// Arrival less own time, in seconds, of the latest samples.
    private var differences: [Double] = []
    private var next = 0

    /// The time of a sample on Kerf's clock, its least delay included. Not later than its arrival.
    mutating func instant(of seconds: Double, arrival: MonotonicInstant) -> MonotonicInstant {
        let arrived = Double(arrival.nanoseconds) * 1e-9
        let difference = arrived - seconds
        if differences.count < Self.considered {
            differences.append(difference)
        } else {
            differences[next] = difference
            next = (next + 1) % Self.considered
        }
        let late = difference - (differences.min() ?? difference)
        return MonotonicInstant(nanoseconds: arrival.nanoseconds - Int64((late * 1e9).rounded()))
    }
}
