import ProfileFormat
import Quantities
import Statistics
import TestSupport

@testable import Calibration
@testable import CostComparison

/// Runs on a box in virtual time whose costs are planted, and what a comparison makes of them.
///
/// Times and powers have the noise of each step and window, and each run has a factor of its own.
struct VirtualBoxRuns: Sendable {
    var blocks = 6
    var steps = 30
    var windows = 10
    /// Relative standard deviation of a pass's time in a step, and of a window's power.
    var noise = 0.01
    /// Relative standard deviation of a run's times, and independently of its powers.
    var betweenRuns = 0.0
    /// Every time is greater by this share.
    var slower = 0.0
    /// Every power is greater by this share.
    var morePower = 0.0
    /// Block 3's times are greater by this share.
    var slowerBlock = 0.0
    var cpuModel = "Planted CPU"

    static let slowBlock = 3

    func profile(seed: UInt64) -> Profile {
        var generator = SeededGenerator(seed: seed &* 0x9E37_79B9)
        let time = (1 + betweenRuns * generator.normal()) * (1 + slower)
        let power = (1 + betweenRuns * generator.normal()) * (1 + morePower)
        var planted = SyntheticProfile()
        (planted.blocks, planted.steps, planted.windows, planted.noise) = (blocks, steps, windows, noise)
        planted.embeddingSeconds *= time
        planted.blockSeconds *= time
        planted.headSeconds *= time
        planted.forwardWatts *= power
        planted.backwardWatts *= power
        planted.idleWatts *= power
        planted.cpuModel = cpuModel
        planted.seed = generator.next()
        var profile = planted.make()
        guard slowerBlock != 0 else { return profile }
        for place in profile.layerTimes.indices where profile.layerTimes[place].layer == Self.slowBlock {
            profile.layerTimes[place].scale(by: 1 + slowerBlock)
        }
        let added = [true, false].reduce(0) { $0 + slowerBlock * planted.seconds(layer: Self.slowBlock, forward: $1) }
        for place in profile.steps.indices { profile.steps[place].seconds += added / (1 - planted.glue) }
        return profile
    }

    /// A side of one profile or of several, pooled.
    func side(_ name: String, seed: UInt64, runs: Int = 1) throws -> ComparisonInput {
        let members = (0..<runs).map { run in
            let number = seed &* 1_000 &+ UInt64(run)
            let digits = String(number)
            return ProfilePool.Member(
                name: "\(name)-\(run)", sha256: String(repeating: "0", count: 64 - digits.count) + digits,
                profile: profile(seed: number))
        }
        let pool = try ProfilePool(members)
        return try ComparisonInput(
            Calibrator.fit(pool.pooled, sources: pool.members), name: name, kind: runs == 1 ? .profile : .calibration,
            sha256: members[0].sha256)
    }
}

extension LayerTimes {
    fileprivate mutating func scale(by factor: Double) {
        seconds = seconds.map { $0 * factor }
        kernels = kernels.mapValues { $0.map { $0 * factor } }
    }
}

/// Many comparisons of two boxes, with seeds of their own.
struct ComparisonTrials: Sendable {
    var baseline = VirtualBoxRuns()
    var other = VirtualBoxRuns()
    /// Profiles of the two sides.
    var runs = (baseline: 1, other: 1)
    var comparer = Comparer()

    struct Outcome {
        var pairs = 0
        /// Pairs in which any ratio was taken to differ.
        var flagged = 0
        /// Pairs that find the step slower, and that find the slow block slower in both passes.
        var slowerStep = 0
        var slowerBlock = 0
        /// Pairs in which a block that was not made slower is taken to be.
        var wrongBlock = 0
        var detectableStep = 0.0

        func share(_ count: Int) -> Double { Double(count) / Double(pairs) }

        var text: String {
            func percent(_ count: Int) -> String { NumberText.percent(share(count), digits: 2) }
            return "\(pairs) pairs: flagged \(percent(flagged)), step slower \(percent(slowerStep)), slow block found "
                + "\(percent(slowerBlock)), another block \(percent(wrongBlock)); a step's increase of "
                + "\(NumberText.percent(detectableStep / Double(pairs), digits: 2)) is found"
        }
    }

    /// - Parameter pairs: shared among tasks.
    func outcome(pairs: Int, seed: UInt64) async throws -> Outcome {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            for share in 0..<4 {
                group.addTask {
                    var outcome = Outcome()
                    for number in stride(from: share, to: pairs, by: 4) {
                        outcome.add(try comparison(seed: seed &* 100_003 &+ UInt64(number)))
                    }
                    return outcome
                }
            }
            return try await group.reduce(into: Outcome()) { $0.add($1) }
        }
    }

    func comparison(seed: UInt64) throws -> CostComparison {
        try comparer.compare([
            baseline.side("a.json", seed: 2 * seed, runs: runs.baseline),
            other.side("b.json", seed: 2 * seed + 1, runs: runs.other),
        ])
    }
}

extension ComparisonTrials.Outcome {
    fileprivate mutating func add(_ comparison: CostComparison) {
        let found = comparison.comparisons[0]
        let slow = found.rows.filter { $0.part.family == .block && $0.value == .timeSeconds && $0.verdict == .higher }
        pairs += 1
        flagged += found.differences.isEmpty ? 0 : 1
        slowerStep += found.row(.step, .timeSeconds)?.verdict == .higher ? 1 : 0
        slowerBlock += slow.count { $0.part.layer == VirtualBoxRuns.slowBlock } == 2 ? 1 : 0
        wrongBlock += slow.contains { $0.part.layer != VirtualBoxRuns.slowBlock } ? 1 : 0
        detectableStep += found.row(.step, .timeSeconds)?.detectableRatio ?? 1
    }

    fileprivate mutating func add(_ other: Self) {
        pairs += other.pairs
        flagged += other.flagged
        slowerStep += other.slowerStep
        slowerBlock += other.slowerBlock
        wrongBlock += other.wrongBlock
        detectableStep += other.detectableStep
    }
}
