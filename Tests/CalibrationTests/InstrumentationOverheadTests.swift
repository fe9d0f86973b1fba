import Estimation
import ProfileFormat
import Statistics
import Testing

/// What instruments cost, planted in steps that scatter far more than that.
struct InstrumentationOverheadTests {
    private static let layerCount = 6
    private static let passCount = 2 * layerCount - 1
    /// A head takes longer than a block, an embedding next to nothing.
    private static let passSeconds = (0..<passCount).map { place in
        place == 0 ? 2e-6 : place == layerCount - 1 || place == layerCount ? 0.01 : 0.002
    }

    /// - Parameters:
    ///   - costSeconds: that instruments add to every pass.
    ///   - noise: of a pass; one in twenty is hit by something that takes a millisecond.
    private static func pairs(
        _ count: Int, costSeconds: Double, samplingSeconds: Double, noise: Double, seed: UInt64
    ) -> [InstrumentationOverheadPair] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            // The box slows down and recovers from one step to the next.
            let drift = [1 + 0.05 * generator.normal(), 1 + 0.05 * generator.normal()]
            func seconds(_ place: Int, step: Int) -> Double {
                let hit = generator.uniform() < 0.05 ? 1e-3 : 0
                return passSeconds[place] * drift[step] * (1 + noise * generator.normal()) + hit
            }
            var pair = InstrumentationOverheadPair(
                instrumentedSeconds: [], plainSeconds: [], samplingSeconds: samplingSeconds)
            for place in 0..<passCount {
                let both = [seconds(place, step: 0), seconds(place, step: 1)]
                let first = Bool.random(using: &generator) ? 0 : 1
                pair.instrumentedSeconds.append(max(0, both[first] + costSeconds))
                pair.plainSeconds.append(max(0, both[1 - first]))
            }
            return pair
        }
    }

    @Test("without scatter the cost is exact: eleven passes and the looks between them")
    func exact() throws {
        let pairs = (0..<3).map { _ in
            InstrumentationOverheadPair(
                instrumentedSeconds: Self.passSeconds.map { $0 + 1e-6 }, plainSeconds: Self.passSeconds,
                samplingSeconds: 5e-6)
        }
        let ratio = try #require(InstrumentationOverheadEstimate.ratio(of: pairs))
        let step = Self.passSeconds.reduce(0, +)
        #expect(abs(ratio.value - 16e-6 / step) < 1e-9)
        #expect(ratio.halfWidth < 1e-9)
    }

    /// 300 runs each: an interval of 95 % misses the truth in 15 of them, 4 more or less.
    @Test("the interval holds what was planted in nineteen runs of twenty", arguments: [0, 20e-6])
    func covers(costSeconds: Double) throws {
        var (hits, sum) = (0, 0.0)
        let runs = 300
        for run in 0..<runs {
            let pairs = Self.pairs(
                20, costSeconds: costSeconds, samplingSeconds: 3e-5, noise: 0.02, seed: UInt64(run + 1))
            let ratio = try #require(InstrumentationOverheadEstimate.ratio(of: pairs))
            // Relative to a step as the box runs it, hits included; a trimmed mean knows of few.
            let step = Self.passSeconds.reduce(0, +) + Double(Self.passCount) * 0.05e-3
            let truth = (Double(Self.passCount) * costSeconds + 3e-5) / step
            if abs(ratio.value - truth) <= ratio.halfWidth { hits += 1 }
            sum += (ratio.value - truth) / Double(runs)
        }
        #expect((272...297).contains(hits), "\(hits) of \(runs)")
        #expect(abs(sum) < 0.0006, "biased by \(sum)")
    }

    @Test("one pair has no interval, none no answer")
    func few() throws {
        let pairs = Self.pairs(1, costSeconds: 0, samplingSeconds: 0, noise: 0.01, seed: 1)
        #expect(try #require(InstrumentationOverheadEstimate.ratio(of: pairs)).halfWidth == .infinity)
        #expect(InstrumentationOverheadEstimate.ratio(of: []) == nil)
    }
}
