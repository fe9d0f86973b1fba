import Foundation
import Profiling
import Quantities
import Statistics
import Testing

@testable import CostComparison
@testable import SelfTest

/// Pairs of energies as the experiment itself measures them, on the virtual box of the estimator's self-test: a counter that
/// is updated about every millisecond, and a layer of known power.
///
/// `KERF_COMPARISON_PAIRS=1000` takes as many pairs in place of 30, and prints the figures.
@Suite("Metered pairs")
struct MeteredPairsTests {
    private static let asked = ProcessInfo.processInfo.environment["KERF_COMPARISON_PAIRS"].flatMap(Int.init)
    private static let pairs = asked ?? 30
    private static let maximumMisses = 0.05 * Double(pairs) + 2.6 * (0.05 * 0.95 * Double(pairs)).squareRoot()

    private static let intervals: [Double] = {
        var generator = SeededGenerator(seed: 9)
        return (0..<2000).map { _ in 1e-3 * max(0.68, 1 + 0.15 * generator.normal()) }
    }()

    /// How many pairs find gross or net energy to differ, and how many find more gross energy.
    private func found(morePower: Double, seed: UInt64) async throws -> (differing: Int, more: Int) {
        try await withThrowingTaskGroup(of: (differing: Bool, more: Bool).self) { group in
            for pair in 0..<UInt64(Self.pairs) {
                group.addTask {
                    let seeds = [2 * pair, 2 * pair + 1].map { seed &* 1_000_003 &+ $0 }
                    return try Self.compare(Self.trial(15, seeds[0]), Self.trial(15 * (1 + morePower), seeds[1]))
                }
            }
            return try await group.reduce(into: (0, 0)) { sum, pair in
                sum.0 += pair.differing ? 1 : 0
                sum.1 += pair.more ? 1 : 0
            }
        }
    }

    private static func trial(_ watts: Double, _ seed: UInt64) throws -> EstimatorTrial {
        try EstimatorTrial(
            GroundTruth(layerWatts: watts, idleWatts: 5, layerSeconds: 0.003), intervals: intervals,
            settings: ExperimentSettings(
                budgetSeconds: 3, targetRelativeHalfWidth: 0.01, confidence: 0.95, seed: seed,
                measuresInstrumentationOverhead: false))
    }

    private static func compare(
        _ own: EstimatorTrial, _ other: EstimatorTrial
    ) throws -> (differing: Bool, more: Bool) {
        let rate = Bonferroni(errorRate: 0.05, families: 1).memberErrorRate(count: 2)
        let intervals = try [(own.gross, other.gross), (own.net, other.net)].map { own, other in
            let errors = try [own, other].map { quantity in
                let spread = try #require(quantity.spread)
                return LogRatio.RelativeError(
                    standardError: spread.standardError / (quantity.value ?? 0),
                    degreesOfFreedom: spread.degreesOfFreedom)
            }
            let ratio = try #require(LogRatio(of: other.value ?? 0, to: own.value ?? 0, errors: errors))
            return try #require(ratio.interval(errorRate: rate))
        }
        return (intervals.contains { $0.lower > 1 || $0.upper < 1 }, intervals[0].lower > 1)
    }

    @Test("the same box")
    func sameBox() async throws {
        let found = try await found(morePower: 0, seed: 1)
        if Self.asked != nil { print("metered, the same box: \(found.differing) of \(Self.pairs) differ") }
        #expect(Double(found.differing) <= Self.maximumMisses)
    }

    @Test("5 % more power, in 3 s of measuring")
    func morePower() async throws {
        let found = try await found(morePower: 0.05, seed: 2)
        if Self.asked != nil { print("metered, 5 % more power: \(found.more) of \(Self.pairs) find it") }
        #expect(Double(Self.pairs - found.more) <= Self.maximumMisses)
    }
}
