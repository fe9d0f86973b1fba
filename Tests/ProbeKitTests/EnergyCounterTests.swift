import ProbeKit
import SystemIO
import Testing

@Suite struct EnergyCounterTests {
    private let range: UInt64 = 262_143_328_850

    @Test func equalReadingsAreZero() throws {
        let energy = try EnergyCounter.microjoules(from: 77, to: 77, range: range, elapsedSeconds: 1)
        #expect(energy == 0)
    }

    @Test func windowLongEnoughForAnotherTurnIsRefused() throws {
        // 2000 W go round 262 kJ in 131 s: then 1 J could be 1 J or 262 kJ more.
        let error = #expect(throws: KerfError.self) {
            try EnergyCounter.microjoules(from: 0, to: 1_000_000, range: range, elapsedSeconds: 140)
        }
        #expect(error?.code == .ambiguousReading)
        #expect(try EnergyCounter.microjoules(from: 0, to: 1_000_000, range: range, elapsedSeconds: 130) == 1_000_000)
    }

    @Test func fallWithoutARangeIsRefused() {
        let error = #expect(throws: KerfError.self) {
            try EnergyCounter.microjoules(from: 5, to: 4, range: nil, elapsedSeconds: 1)
        }
        #expect(error?.code == .ambiguousReading)
    }

    @Test func readingBeyondTheRangeIsMalformed() {
        let error = #expect(throws: KerfError.self) {
            try EnergyCounter.microjoules(from: 0, to: range + 1, range: range, elapsedSeconds: 1)
        }
        #expect(error?.code == .invalidReading)
    }
}
