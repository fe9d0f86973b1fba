import SystemIO

/// How far the server's clock is ahead of the device's.
///
/// A question and its answer give four times: sent and answered by the device's clock, received and sent by the server's.
/// Where both ways take equally long, the offset is the mean of the two differences; it cannot be wrong by more than half
/// of the round trip (RFC 5905, section 8).
package struct ClockOffset: Codable, Sendable, Hashable {
    /// Server less device.
    package var nanoseconds: Int64
    /// Largest possible error.
    package var errorNanoseconds: Int64
    /// The fastest exchange's, without the time that the server took.
    package var roundTripNanoseconds: Int64

    package init(nanoseconds: Int64, errorNanoseconds: Int64) {
        self.nanoseconds = nanoseconds
        self.errorNanoseconds = errorNanoseconds
        roundTripNanoseconds =
            errorNanoseconds.multipliedReportingOverflow(by: 2).overflow ? .max : 2 * errorNanoseconds
    }

    /// From one exchange.
    package init(
        asked: MonotonicInstant, received: MonotonicInstant, sent: MonotonicInstant, answered: MonotonicInstant
    ) {
        let there = received.nanoseconds &- asked.nanoseconds
        let back = sent.nanoseconds &- answered.nanoseconds
        nanoseconds = there / 2 &+ back / 2
        let roundTrip = answered.nanoseconds &- asked.nanoseconds &- (sent.nanoseconds &- received.nanoseconds)
        roundTripNanoseconds = max(0, roundTrip)
        errorNanoseconds = roundTripNanoseconds / 2
    }

    /// The offset in the middle between two measurements, before and after a turn: clocks drift apart.
    package init(between first: ClockOffset, and last: ClockOffset) {
        let difference = last.nanoseconds &- first.nanoseconds
        nanoseconds = first.nanoseconds &+ difference / 2
        let (error, isTooLarge) = max(first.errorNanoseconds, last.errorNanoseconds)
            .addingReportingOverflow(Int64(difference.magnitude / 2))
        errorNanoseconds = isTooLarge ? .max : error
        roundTripNanoseconds = min(first.roundTripNanoseconds, last.roundTripNanoseconds)
    }

    /// A time of the server's clock by the device's.
    package func deviceTime(_ server: MonotonicInstant) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: server.nanoseconds &- nanoseconds)
    }
}
