import Statistics
import Testing

@Suite("Ratios")
struct LogRatioTests {
    private func ratio(_ value: Double, _ reference: Double, _ errors: [(Double, Double)]) throws -> LogRatio {
        try #require(
            LogRatio(
                of: value, to: reference, errors: errors.map { .init(standardError: $0.0, degreesOfFreedom: $0.1) }))
    }

    @Test("without error a ratio is exact")
    func exact() throws {
        let one = try ratio(0.1 + 0.2, 0.1 + 0.2, [])
        let interval = try #require(one.interval(errorRate: 0.001))
        #expect(one.ratio == 1 && interval.lower == 1 && interval.upper == 1)
        #expect(one.detectableIncrease(errorRate: 0.001) == 0)
    }

    @Test("values that have no ratio", arguments: [(0.0, 1.0), (1, 0), (-1, 1), (.infinity, 1), (.nan, 1)])
    func none(value: Double, reference: Double) { #expect(LogRatio(of: value, to: reference, errors: []) == nil) }

    /// t(0.975, 8) = 2.306 004; two errors of 1 % with 4 degrees of freedom each have 8 together.
    @Test("two equal errors: their variances and degrees of freedom add up")
    func equalErrors() throws {
        let found = try ratio(3, 2, [(0.01, 4), (0.01, 4)])
        #expect(abs(found.degreesOfFreedom - 8) < 1e-9)
        let interval = try #require(found.interval(errorRate: 0.05))
        let factor = 1.033_148  // exp(2.306 004 * 0.01 * √2)
        #expect(abs(interval.upper / 1.5 - factor) < 1e-5 && abs(1.5 / interval.lower - factor) < 1e-5)
    }

    @Test("one degree of freedom and a small share of the error: no interval rather than an endless one")
    func unbounded() throws {
        let found = try ratio(1, 1, [(0.05, 1)])
        #expect(found.interval(errorRate: 0.05) != nil)
        #expect(found.interval(errorRate: 1e-5) == nil && found.detectableIncrease(errorRate: 1e-5) == nil)
    }

    /// Means of ten values each, of a true ratio of 2.
    @Test("coverage, and the share that finds the detectable increase")
    func coverage() throws {
        var generator = SeededGenerator(seed: 11)
        func mean(_ center: Double) -> Estimate? {
            Estimate.mean(of: (0..<10).map { _ in center * (1 + 0.05 * generator.normal()) })
        }
        func found(_ center: Double) throws -> LogRatio {
            let (own, theirs) = (try #require(mean(3)), try #require(mean(center)))
            let errors = try [own, theirs].map { estimate in
                let spread = try #require(estimate.spread)
                return (spread.standardError / estimate.value, spread.degreesOfFreedom)
            }
            return try ratio(theirs.value, own.value, errors)
        }
        let trials = 4000
        var (hits, increases, detectable) = (0, 0, 0.0)
        for _ in 0..<trials {
            let ratio = try found(6)
            let interval = try #require(ratio.interval(errorRate: 0.05))
            hits += interval.lower <= 2 && interval.upper >= 2 ? 1 : 0
            detectable += try #require(ratio.detectableIncrease(errorRate: 0.05)) / Double(trials)
        }
        #expect(abs(Double(hits) / Double(trials) - 0.95) < 0.014, "\(hits)")
        for _ in 0..<trials {
            increases += try found(3 * (1 + detectable)).interval(errorRate: 0.05).map { $0.lower > 1 } == true ? 1 : 0
        }
        #expect(abs(Double(increases) / Double(trials) - 0.95) < 0.02, "\(increases)")
    }

    @Test("shares of an error rate add up to it")
    func bonferroni() {
        let sharing = Bonferroni(errorRate: 0.05, families: 4)
        #expect(sharing.familyErrorRate == 0.0125 && sharing.memberErrorRate(count: 5) == 0.0025)
        #expect(sharing.memberErrorRate(count: 0) == 0.0125)
    }
}
