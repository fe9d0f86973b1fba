import Statistics
import Testing

/// Intervals are checked by what they promise: over many samples with a known truth, 95 of 100 contain it.
@Suite("Coverage of intervals")
struct CoverageTests {
    static let trials = 4000
    /// Four standard errors of a share of 0.95 in 4,000 trials.
    static let tolerance = 0.014

    /// The share of trials whose interval contains the truth.
    private func coverage(seed: UInt64, truth: Double, _ trial: (inout SeededGenerator) -> Estimate?) throws -> Double {
        var generator = SeededGenerator(seed: seed)
        var hits = 0
        for _ in 0..<Self.trials {
            let estimate = try #require(trial(&generator))
            if estimate.lower <= truth && truth <= estimate.upper { hits += 1 }
        }
        return Double(hits) / Double(Self.trials)
    }

    @Test("of the mean", arguments: [2, 5, 20, 60])
    func mean(count: Int) throws {
        let share = try coverage(seed: 1, truth: 10) { generator in
            Estimate.mean(of: (0..<count).map { _ in 10 + generator.normal() })
        }
        #expect(abs(share - 0.95) < Self.tolerance, "\(share)")
    }

    @Test("of the median: at least what it promises, with any distribution", arguments: [6, 11, 30])
    func median(count: Int) throws {
        let share = try coverage(seed: 2, truth: 1) { generator in
            // Skewed; its median is 1.
            Estimate.median(of: (0..<count).map { _ in generator.normal() > 0 ? 1 + generator.uniform() * 9 : 0.9 })
        }
        #expect(share > 0.95 - Self.tolerance, "\(share)")
    }

    @Test("of a ratio of totals", arguments: [3, 10, 40])
    func ratio(count: Int) throws {
        let share = try coverage(seed: 3, truth: 20) { generator in
            let seconds = (0..<count).map { _ in 0.9 + 0.2 * generator.uniform() }
            return Estimate.ratio(of: seconds.map { 20 * $0 + 0.3 * generator.normal() }, to: seconds)
        }
        #expect(abs(share - 0.95) < 2 * Self.tolerance, "\(share)")
    }

    @Test("of the trimmed total", arguments: [5, 10, 30])
    func trimmedTotal(count: Int) throws {
        let share = try coverage(seed: 4, truth: 10) { generator in
            TrimmedSteps(totals: (0..<count).map { _ in 10 + generator.normal() }).total()
        }
        #expect(abs(share - 0.95) < 3 * Self.tolerance, "\(share)")
    }

    /// Steps of one burst are alike in what the box did then.
    @Test("of the trimmed total of steps in bursts: as promised with the bursts, far below without")
    func trimmedTotalOfGroups() throws {
        func share(grouped: Bool) throws -> Double {
            try coverage(seed: 6, truth: 10) { generator in
                let groups = (0..<60).map { $0 / 4 }
                let common = (0..<15).map { _ in generator.normal() }
                let totals = groups.map { 10 + common[$0] + 0.5 * generator.normal() }
                return TrimmedSteps(totals: totals, groups: grouped ? groups : nil).total()
            }
        }
        #expect(abs(try share(grouped: true) - 0.95) < 2 * Self.tolerance)
        #expect(try share(grouped: false) < 0.8)
    }

    /// Every burst keeps most of its steps, so that few bursts are hardly fewer for what is left out.
    @Test("of the trimmed total of a few large bursts: no wider than promised", arguments: [5, 8])
    func trimmedTotalOfLargeGroups(count: Int) throws {
        let share = try coverage(seed: 8, truth: 10) { generator in
            let groups = (0..<20 * count).map { $0 / 20 }
            return TrimmedSteps(totals: groups.map { _ in 10 + generator.normal() }, groups: groups).total()
        }
        #expect(abs(share - 0.95) < Self.tolerance, "\(share)")
    }

    /// Parts and whole drift together from burst to burst; only what sets them apart is in the interval.
    @Test("of a difference of pairs")
    func difference() throws {
        var widths = 0.0
        let share = try coverage(seed: 7, truth: 0.01) { generator in
            let groups = (0..<40).map { $0 / 2 }
            let common = (0..<20).map { _ in 1 + 0.05 * generator.normal() }
            func totals(_ factor: Double) -> [Double] {
                groups.map { factor * common[$0] * (1 + 0.002 * generator.normal()) }
            }
            let parts = TrimmedSteps(totals: totals(1.01), groups: groups)
            let estimate = parts.relativeDifference(
                of: parts.totals, to: TrimmedSteps(totals: totals(1), groups: groups))
            widths += estimate?.halfWidth ?? .infinity
            return estimate
        }
        #expect(share > 0.95 - 2 * Self.tolerance)
        #expect(widths / Double(Self.trials) < 0.01, "what both have in common is not in it")
    }

    @Test("of a part, whatever its relation to the whole", arguments: [0, 0.5, 1])
    func trimmedPart(shared: Double) throws {
        let share = try coverage(seed: 5, truth: 3) { generator in
            let common = (0..<20).map { _ in generator.normal() }
            let part = common.map { 3 + shared * $0 + (1 - shared) * generator.normal() }
            let rest = common.map { 7 + 0.1 * $0 + 0.2 * generator.normal() }
            return TrimmedSteps(totals: zip(part, rest).map { $0 + $1 }).mean(of: part)
        }
        #expect(abs(share - 0.95) < 2 * Self.tolerance, "\(share)")
    }
}

@Suite("Trimmed steps")
struct TrimmedStepsTests {
    @Test("a difference is of the groups that both have")
    func sharedGroups() throws {
        let whole = TrimmedSteps(totals: [10, 20], groups: [0, 1])
        let parts = TrimmedSteps(totals: [11, 22, 900, 900], groups: [0, 1, 2, 3])
        let difference = try #require(parts.relativeDifference(of: parts.totals, to: whole))
        #expect(abs(difference.value - 0.1) < 1e-12)
        let strangers = TrimmedSteps(totals: [11, 22], groups: [2, 3])
        #expect(try #require(strangers.relativeDifference(of: strangers.totals, to: whole)).value > 0.09)
    }

    @Test("parts add up to the whole, also with outliers")
    func additive() throws {
        var generator = SeededGenerator(seed: 6)
        var parts = [[Double]](repeating: [], count: 6)
        for part in 0..<6 {
            for _ in 0..<25 { parts[part].append(Double(part + 1) + 0.1 * generator.normal()) }
        }
        parts[2][3] += 500
        let totals = (0..<25).map { step in parts.reduce(0) { $0 + $1[step] } }
        let steps = TrimmedSteps(totals: totals)
        let total = try #require(steps.total())
        let sum = parts.compactMap { steps.mean(of: $0)?.value }.reduce(0, +)
        #expect(abs(sum - total.value) < 1e-12)
        #expect(abs(total.value - 21) < 0.5, "the outlier is left out")
        #expect(!steps.kept.contains(3))
    }

    @Test("for the whole it is the textbook's trimmed mean with the winsorised interval")
    func tukeyMcLaughlin() throws {
        // Kept 2, 3, 4 of 1...4 and 100; winsorised 2 2 3 4 4, variance 1; t(2) = 4.30265.
        let estimate = try #require(TrimmedSteps(totals: [100, 2, 3, 4, 1]).total())
        #expect(estimate.value == 3)
        #expect(abs(estimate.halfWidth - 4.30265273 * (5.0).squareRoot() / 3) < 1e-7)
    }
}

extension SeededGenerator {
    /// Uniform in 0 to 1.
    fileprivate mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Standard normal, as a sum of twelve uniforms: its tails end at 6, which is far enough here.
    fileprivate mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + unit() } }
}
