import Foundation
import Testing

/// Intervals of pooled times, by what they promise. All in virtual time.
///
/// `KERF_POOLING_PROFILES=2000` takes as many profiles for each case in place of 200, and prints the figures.
@Suite("Coverage of pooled times")
struct PoolingCoverageTests {
    private static let asked = ProcessInfo.processInfo.environment["KERF_POOLING_PROFILES"].flatMap(Int.init)
    private static let profiles = asked ?? 200
    /// The error of a group's mean is one for all its blocks, so that a profile counts as hardly more than one case:
    /// two hundred tell a share of 95 % to 1.5 points.
    private static let tolerance = asked == nil ? 0.045 : 0.02

    private func outcome(_ name: String, _ blocks: SyntheticBlocks, seed: UInt64) async throws
        -> SyntheticBlocks.Outcome
    {
        let outcome = try await blocks.outcome(profiles: Self.profiles, seed: seed)
        if Self.asked != nil { print("\(name): \(outcome.text)") }
        return outcome
    }

    private func expectCoverage(_ outcome: SyntheticBlocks.Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(abs(outcome.coverage - 0.95) < Self.tolerance, "\(outcome.text)", sourceLocation: sourceLocation)
    }

    @Test("blocks that are equal, each known to 10 %: pooled to 2 %")
    func identical() async throws {
        let found = try await outcome("identical", SyntheticBlocks(noise: 0.24), seed: 1)
        expectCoverage(found)
        #expect(found.ownHalfWidth > 0.095 && found.halfWidth < 0.02, "\(found.text)")
        #expect(found.share(found.differing) < 0.08 && found.share(found.namedFalsely) < 0.02, "\(found.text)")
    }

    @Test("blocks that differ by 1 % at random, more than their noise")
    func different() async throws {
        let found = try await outcome("1 % at random", SyntheticBlocks(noise: 0.02, spread: 0.01), seed: 2)
        expectCoverage(found)
        #expect(found.share(found.differing) > 0.99, "\(found.text)")
        #expect(found.halfWidth < found.ownHalfWidth, "\(found.text)")
    }

    @Test("a block that is slow by 20 % is found, named, and not drawn to the others")
    func slow() async throws {
        let found = try await outcome("one slow by 20 %", SyntheticBlocks(noise: 0.04, slow: 0.2), seed: 3)
        expectCoverage(found)
        #expect(abs(found.slowError / Double(found.profiles)) < 0.002, "\(found.text)")
        #expect(found.share(found.slowIsClose) > 0.98, "\(found.text)")
        #expect(abs(found.share(found.slowCovered) - 0.95) < Self.tolerance, "\(found.text)")
        #expect(found.share(found.named) > 0.99 && found.share(found.namedFalsely) < 0.02, "\(found.text)")
    }

    @Test("noise with heavy tails")
    func heavyTails() async throws {
        let found = try await outcome("heavy tails", SyntheticBlocks(noise: 0.24, hasHeavyTails: true), seed: 4)
        expectCoverage(found)
        #expect(found.share(found.namedFalsely) < 0.05, "\(found.text)")
    }

    @Test("a disturbance that is common to whole steps is not averaged over the blocks")
    func common() async throws {
        let found = try await outcome("common disturbance", SyntheticBlocks(noise: 0.24, common: 0.05), seed: 5)
        expectCoverage(found)
        // Of the common error, thirty blocks know no less than one.
        #expect(found.halfWidth > 0.03, "\(found.text)")
    }

    /// Where blocks differ by less than each one's standard error, no measurement tells whether they do, and intervals that
    /// are right for equal blocks are too narrow. This bounds by how much.
    @Test("differences that the noise hides")
    func hidden() async throws {
        let found = try await outcome("hidden differences", SyntheticBlocks(noise: 0.24, spread: 0.01), seed: 6)
        #expect(found.coverage > 0.8, "\(found.text)")
        if Self.asked != nil {
            _ = try await outcome("1 % by noise of 1.1 %", SyntheticBlocks(noise: 0.06, spread: 0.01), seed: 7)
            _ = try await outcome("slow by 20 %, noise 4.5 %", SyntheticBlocks(noise: 0.24, slow: 0.2), seed: 8)
            _ = try await outcome("five bursts", SyntheticBlocks(bursts: 5, noise: 0.24), seed: 9)
        }
    }
}
