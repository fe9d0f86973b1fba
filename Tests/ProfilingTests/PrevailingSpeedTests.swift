import Testing

@testable import Profiling

@Suite("The prevailing speed of a processor") struct PrevailingSpeedTests {
    /// Adds measurements of one second each.
    ///
    /// - Returns: how often the speed was found to be another one.
    private func add(_ references: [Double], to speed: inout PrevailingSpeed) -> Int {
        references.count { speed.add($0, seconds: 1) }
    }

    @Test func withoutASampleNothingIsExcluded() {
        let speed = PrevailingSpeed()
        #expect(speed.referenceSeconds == nil && speed.includes(nil) && speed.includes(1))
    }

    @Test func theFastestOfAFifthOfTheTimePrevails() {
        var speed = PrevailingSpeed()
        #expect(add(Array(repeating: 1.3, count: 8), to: &speed) == 0)
        #expect(speed.includes(1.3) && !speed.includes(1))
        // One of nine seconds is no speed, two of ten are.
        #expect(add([1], to: &speed) == 0)
        #expect(add([1], to: &speed) == 1)
        #expect(speed.includes(1) && !speed.includes(1.3) && speed.includes(nil))
        #expect(add(Array(repeating: 1.3, count: 2), to: &speed) == 1, "two of twelve are none again")
        #expect(speed.includes(1.3))
    }

    @Test func measurementsWeighAsLongAsTheyTook() {
        var speed = PrevailingSpeed()
        _ = speed.add(1, seconds: 3)
        _ = speed.add(1.3, seconds: 11)
        #expect(speed.includes(1))
        _ = speed.add(1.3, seconds: 2)
        #expect(!speed.includes(1) && speed.includes(1.3))
    }

    @Test func scatterJudgesNothingAnew() {
        var speed = PrevailingSpeed()
        let scattered = (0..<200).map { 1 + 0.02 * Double(($0 * 7919) % 13) / 13 }
        #expect(add(scattered, to: &speed) == 0)
        #expect(scattered.allSatisfy { speed.includes($0) })
    }
}
