import Statistics
import SystemIO
import Testing

@testable import SplitTraining

@Suite("The difference of two clocks") struct ClockOffsetTests {
    private func instant(_ nanoseconds: Int64) -> MonotonicInstant { .init(nanoseconds: nanoseconds) }

    @Test func ofAnExchangeThatTakesEquallyLongInBothDirections() {
        // The server is 1 s ahead; 5 ms each way, 1 ms to answer.
        let offset = ClockOffset(
            asked: instant(0), received: instant(1_005_000_000), sent: instant(1_006_000_000),
            answered: instant(11_000_000))
        #expect(offset == ClockOffset(nanoseconds: 1_000_000_000, errorNanoseconds: 5_000_000))
        #expect(offset.deviceTime(instant(1_005_000_000)) == instant(5_000_000))
    }

    /// Whatever the two ways take, the true offset lies within the stated error.
    @Test func theErrorIsABound() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let truth = Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator)
            let (up, down, answer) = (
                Int64.random(in: 0...50_000_000, using: &generator),
                Int64.random(in: 0...50_000_000, using: &generator), Int64.random(in: 0...1_000_000, using: &generator)
            )
            let asked = Int64.random(in: 0...1_000_000_000, using: &generator)
            let offset = ClockOffset(
                asked: instant(asked), received: instant(asked + up + truth),
                sent: instant(asked + up + answer + truth), answered: instant(asked + up + answer + down))
            #expect(abs(offset.nanoseconds - truth) <= offset.errorNanoseconds + 2)
        }
    }

    @Test func clocksThatDriftApartAreTakenInTheMiddle() {
        let first = ClockOffset(nanoseconds: 1000, errorNanoseconds: 50)
        let last = ClockOffset(nanoseconds: 1200, errorNanoseconds: 70)
        let middle = ClockOffset(between: first, and: last)
        #expect(middle.nanoseconds == 1100 && middle.errorNanoseconds == 170)
        // The round trip is the link's, whatever the clocks do.
        #expect(middle.roundTripNanoseconds == 100)
    }

    /// Times that another side made up do not overflow.
    @Test func impossibleTimesAreNoCrash() {
        for (received, sent) in [(Int64.max, Int64.min), (Int64.min, Int64.max), (0, Int64.max)] {
            let offset = ClockOffset(
                asked: instant(7), received: instant(received), sent: instant(sent), answered: instant(9))
            _ = offset.deviceTime(instant(.max))
            _ = ClockOffset(between: offset, and: ClockOffset(nanoseconds: .min, errorNanoseconds: .max))
        }
    }
}
