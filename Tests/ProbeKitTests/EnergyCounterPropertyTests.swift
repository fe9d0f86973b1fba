import ProbeKit
import Statistics
import SystemIO
import Testing

/// Counters with planted draws: whatever the readings allow is found, and what they leave open is refused.
@Suite("Energy counters, by property")
struct EnergyCounterPropertyTests {
    /// A counter of random range, started anywhere, on a domain of random power.
    struct Case {
        let range: UInt64
        let start: UInt64
        /// Energy in microjoules between the readings.
        let drawn: UInt64
        let seconds: Double

        var end: UInt64 { (start + drawn) % range }
        var wraps: UInt64 { (start + drawn) / range }

        /// - Parameter wraps: about how many turns the counter makes.
        init(wraps: ClosedRange<Double>, using random: inout SeededGenerator) {
            range = UInt64.random(in: 1_000_000...300_000_000_000, using: &random)
            start = UInt64.random(in: 0..<range, using: &random)
            drawn = UInt64(Double(range) * Double.random(in: wraps, using: &random))
            // 1 to 500 W.
            seconds = Double(drawn) * 1e-6 / Double.random(in: 1...500, using: &random)
        }

        var watts: Double { Double(drawn) * 1e-6 / seconds }

        func found(maximumWatts: Double) throws(KerfError) -> UInt64 {
            try EnergyCounter.microjoules(
                from: start, to: end, range: range, elapsedSeconds: seconds, maximumWatts: maximumWatts)
        }
    }

    /// Less than one turn is drawn, and the maximum does not allow another: no wrap or one, and the draw comes back.
    @Test func drawsOfLessThanATurnComeBack() throws {
        var random = SeededGenerator(seed: 11)
        var wrapped = 0
        for _ in 0..<5000 {
            let one = Case(wraps: 0.001...0.45, using: &random)
            #expect(try one.found(maximumWatts: 2 * one.watts) == one.drawn)
            wrapped += one.wraps > 0 ? 1 : 0
        }
        #expect(wrapped > 500, "both kinds are tried")
    }

    /// A turn or more was drawn, and the maximum allows it: one turn less would fit as well, so there is no answer.
    @Test func severalWrapsAreNeverGuessed() throws {
        var random = SeededGenerator(seed: 12)
        for _ in 0..<5000 {
            let one = Case(wraps: 1...40, using: &random)
            let error = #expect(throws: KerfError.self) { try one.found(maximumWatts: 1.001 * one.watts) }
            #expect(error?.code == .ambiguousReading)
        }
    }

    /// The maximum allows the planted draw and a turn more: refused, never guessed.
    @Test func windowsThatAllowTwoAnswersAreRefused() {
        var random = SeededGenerator(seed: 13)
        for _ in 0..<5000 {
            let one = Case(wraps: 0.001...40, using: &random)
            let turn = Double(one.range) * 1e-6 / one.seconds
            let error = #expect(throws: KerfError.self) { try one.found(maximumWatts: one.watts + 1.001 * turn) }
            #expect(error?.code == .ambiguousReading)
        }
    }

    /// What is returned always fits the readings and the bounds; nothing else is ever returned.
    @Test func answersFitTheReadingsAndTheBounds() throws {
        var random = SeededGenerator(seed: 14)
        var (answered, refused) = (0, 0)
        for _ in 0..<20_000 {
            let range = UInt64.random(in: 1...1_000_000_000, using: &random)
            let (start, end) = (
                UInt64.random(in: 0...range, using: &random), UInt64.random(in: 0...range, using: &random)
            )
            let seconds = Double.random(in: 0...10, using: &random)
            let most = Double.random(in: 50...300, using: &random)
            do throws(KerfError) {
                let drawn = try EnergyCounter.microjoules(
                    from: start, to: end, range: range, elapsedSeconds: seconds, maximumWatts: most)
                answered += 1
                #expect((start + drawn) % range == end % range)
                #expect(Double(drawn) <= most * (seconds + 1) * 1e6)
                if start == end { #expect(drawn == 0) }
            } catch {
                refused += 1
                #expect(error.code == .ambiguousReading)
            }
        }
        #expect(answered > 1000 && refused > 1000)
    }

    @Test func equalReadingsAreZeroHoweverShortTheWindow() throws {
        var random = SeededGenerator(seed: 15)
        for _ in 0..<1000 {
            let value = UInt64.random(in: 0...1_000_000_000, using: &random)
            let seconds = Double.random(in: 0...0.4, using: &random)
            for range in [1_000_000_000, nil] as [UInt64?] {
                #expect(
                    try EnergyCounter.microjoules(from: value, to: value, range: range, elapsedSeconds: seconds) == 0)
            }
        }
    }

    /// A counter that was reset, or a reading cut short, looks like a wrap; the power it would take says it is none.
    @Test(
        arguments: [
            (26_716_954_797, 26_716), (240_422_366_267, 0), (5_000_000_000, 4_999_999_999), (10, 9_000_000_000),
        ] as [(UInt64, UInt64)])
    func risesThatNoPowerExplainsAreRefused(start: UInt64, end: UInt64) {
        for range in [262_143_328_850, nil] as [UInt64?] {
            let error = #expect(throws: KerfError.self) {
                try EnergyCounter.microjoules(from: start, to: end, range: range, elapsedSeconds: 0.1)
            }
            #expect(error?.code == .ambiguousReading)
        }
    }
}
