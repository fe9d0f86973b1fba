import Statistics
import SystemIO
import Testing

@testable import ProbeKit

@Suite("Samples that another program reports")
struct PowerSeriesTests {
    private func instant(_ seconds: Double) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: Int64((seconds * 1e9).rounded()))
    }

    private let lag = MeterLag(shortestSeconds: 0.25, longestSeconds: 1.35)

    /// Means of the second before, dated and shown 0.3 s late, of a box that draws 5 W, and 25 W from 100 s to 110 s.
    private func plug(without missing: Set<Int> = [], from first: Int = 90, to last: Int = 120) -> PowerSeries {
        var series = PowerSeries(like: .init(seconds: 0, kind: .watts, value: 0))
        for second in first...last where !missing.contains(second) {
            let isBusy = second > 100 && second <= 110
            let time = Double(second) + 0.3
            series.add(
                .init(seconds: 7000 + time, kind: .watts, value: isBusy ? 25 : 5), arrival: instant(time + 0.01))
        }
        return series
    }

    @Test func aWindowHasTheSamplesThatLieWithinIt() throws {
        let series = plug()
        let energy = try #require(series.energy(from: instant(100), to: instant(110), lag: lag))
        #expect(energy.watts == 25 && energy.seconds > 7.9 && energy.seconds < 10)
        // Whenever it begins: 25 W while the window is within the work, however late it begins.
        for start in stride(from: 100.0, to: 105, by: 0.07) {
            let energy = try #require(series.energy(from: instant(start), to: instant(start + 4.5), lag: lag))
            #expect(energy.watts == 25, "\(start)")
        }
        #expect(series.missingShare(from: instant(100), to: instant(110), lag: lag) == 0)
        #expect(series.intervalSeconds.map { abs($0 - 1) < 1e-6 } == true && series.missingCount == 0)
    }

    /// The stated length holds two samples at any phase; a shorter one need not.
    @Test func theMinimumWindowHoldsTwoSamples() throws {
        let series = plug()
        let least = try #require(series.minimumWindowSeconds(lag))
        #expect(least > 3 && least < 3.5)
        for start in stride(from: 95.0, to: 110, by: 0.05) {
            #expect(series.energy(from: instant(start), to: instant(start + least), lag: lag) != nil, "\(start)")
        }
        #expect(series.energy(from: instant(100), to: instant(101.5), lag: lag) == nil)
    }

    @Test func aMissingSampleIsSeenInTheWindowsThatNeedItAndNoOther() {
        let series = plug(without: [105])
        func share(_ start: Double, _ end: Double) -> Double {
            series.missingShare(from: instant(start), to: instant(end), lag: lag)
        }
        #expect(series.missingCount == 1 && abs(series.longestGapSeconds - 2) < 1e-6)
        #expect(abs(share(100, 110) - 0.1) < 1e-6 && (0.2...0.25).contains(share(103, 107)))
        #expect(share(106, 110) == 0 && share(100, 104) == 0)
        // Before the first sample nothing is known.
        #expect(share(50, 60) == 1 && share(85, 95) == 1)
    }

    @Test func aWindowIsOverWhenASampleOfLaterHasCome() {
        let series = plug(to: 110)
        #expect(series.hasReported(until: instant(110), lag: lag))
        #expect(!series.hasReported(until: instant(110.1), lag: lag))
        #expect(!PowerSeries(like: .init(kind: .watts, value: 1)).hasReported(until: instant(0), lag: lag))
    }

    @Test func repeatedAndEarlierSamplesAreCountedAndLeftOut() {
        var series = plug()
        let before = series.entries
        series.add(.init(seconds: 7120.3, kind: .watts, value: 9), arrival: instant(120.4))
        series.add(.init(seconds: 7100, kind: .watts, value: 9), arrival: instant(120.5))
        #expect(series.repeatedCount == 1 && series.backwardCount == 1 && series.entries == before)
        // A clock that was set back is followed at last, and nothing is dated before what came earlier.
        for second in 121...130 {
            series.add(
                .init(seconds: Double(second) - 50, kind: .watts, value: 5), arrival: instant(Double(second) + 0.31))
        }
        #expect(series.backwardCount == 5 && series.missingCount > 0)
        #expect(series.entries.last?.instant == instant(130.31))
        #expect(zip(series.entries, series.entries.dropFirst()).allSatisfy { $0.instant < $1.instant })
    }

    /// Transport that varies delays no sample that has a time of its own, and the clocks' drift is followed.
    @Test func timesAreThoseOfTheProgramAndNotOfTheArrival() throws {
        var random = SeededGenerator(seed: 3)
        var series = PowerSeries(like: .init(seconds: 0, kind: .watts, value: 0))
        for second in 1...2000 {
            // 50 ppm fast.
            let own = Double(second) * (1 + 50e-6) + 1.7e9
            series.add(
                .init(seconds: own, kind: .watts, value: 5),
                arrival: instant(Double(second) + 0.005 + 0.3 * random.uniform()))
        }
        let late = series.entries.suffix(500).map { entry in
            let seconds = Double(entry.instant.nanoseconds) * 1e-9
            return seconds - (seconds - 0.005).rounded()
        }
        #expect((late.max() ?? 1) < 0.03 && (late.min() ?? -1) >= -0.01, "\(late.max() ?? 0)")
        #expect(series.missingCount == 0 && series.entries.count > 1990)
    }

    @Test func aCounterIsPowerBetweenItsSamples() throws {
        var series = PowerSeries(like: .init(kind: .joules, value: 0))
        var joules = 1000.0
        for second in 0...40 where second != 21 {
            let busy = second > 10 && second <= 30
            joules += (busy ? 25 : 5) * (second == 22 ? 2 : 1)
            series.add(.init(kind: .joules, value: joules), arrival: instant(Double(second) + 0.05))
        }
        let lag = MeterLag(shortestSeconds: 0, longestSeconds: 0.1)
        let energy = try #require(series.energy(from: instant(10), to: instant(30), lag: lag))
        #expect(abs(energy.watts - 25) < 1e-9 && energy.seconds > 17)
        // A counter that is read late loses nothing.
        #expect(series.missingCount == 1)
        #expect(series.missingShare(from: instant(10), to: instant(30), lag: lag) == 0)
        // One that was set anew does.
        series.add(.init(kind: .joules, value: 3), arrival: instant(41.05))
        series.add(.init(kind: .joules, value: 8), arrival: instant(42.05))
        #expect(series.missingCount == 2)
        #expect(series.missingShare(from: instant(35), to: instant(42), lag: lag) > 0)
    }

    @Test func aSampleOfAnotherKindDoesNotFit() {
        let series = PowerSeries(like: .init(seconds: 1, kind: .watts, value: 1))
        #expect(series.fits(.init(seconds: 2, kind: .watts, value: 2)))
        #expect(!series.fits(.init(kind: .watts, value: 2)) && !series.fits(.init(seconds: 2, kind: .joules, value: 2)))
    }
}
