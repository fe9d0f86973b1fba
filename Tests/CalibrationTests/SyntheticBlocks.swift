import ProfileFormat
import Quantities
import Statistics
import TestSupport
import Workload

@testable import Calibration

/// Steps of a model whose blocks have known times, in virtual time, and what pooling makes of them.
struct SyntheticBlocks {
    var blocks = 30
    /// Bursts of steps with instruments, of four steps each.
    var bursts = 12
    /// Relative standard deviation of each time's own noise.
    var noise: Double
    /// Relative standard deviation between the true times of the blocks.
    var spread = 0.0
    /// By how much block 7 takes longer.
    var slow = 0.0
    /// Whether noise is Student's t with three degrees of freedom, in place of normal.
    var hasHeavyTails = false
    /// Relative standard deviation of what all layers of a burst have in common, and again of a step.
    var common = 0.0

    static let slowBlock = 7
    private static let stepsPerBurst = 4

    /// Counts over profiles.
    struct Outcome {
        var profiles = 0
        var passes = 0
        var covered = 0
        var halfWidths = 0.0
        var ownHalfWidths = 0.0
        /// Profiles whose test finds a difference.
        var differing = 0
        /// Profiles that name the slow block, and other blocks that are named.
        var named = 0
        var namedFalsely = 0
        var slowError = 0.0
        /// Profiles whose slow block is within 2 % of its true time.
        var slowIsClose = 0
        var slowCovered = 0

        var coverage: Double { Double(covered) / Double(passes) }
        var halfWidth: Double { halfWidths / Double(passes) }
        var ownHalfWidth: Double { ownHalfWidths / Double(passes) }
        func share(_ count: Int) -> Double { Double(count) / Double(profiles) }

        var text: String {
            func percent(_ share: Double) -> String { NumberText.percent(share, digits: 2) }
            return "\(profiles) profiles: coverage \(percent(coverage)), half width \(percent(halfWidth)), unpooled "
                + "\(percent(ownHalfWidth)); they differ in \(percent(share(differing))); slow block: bias "
                + "\(percent(slowError / Double(profiles))), within 2 % in \(percent(share(slowIsClose))), coverage "
                + "\(percent(share(slowCovered))), named \(percent(share(named))); others named "
                + percent(share(namedFalsely))
        }
    }

    /// Profiles with a seed each, shared among tasks.
    func outcome(profiles: Int, seed: UInt64) async throws -> Outcome {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            for share in 0..<4 {
                group.addTask {
                    var outcome = Outcome()
                    var profile = empty
                    for number in stride(from: share, to: profiles, by: 4) {
                        try add(&profile, seed: seed &* 1_000_003 &+ UInt64(number), to: &outcome)
                    }
                    return outcome
                }
            }
            return try await group.reduce(into: Outcome()) { $0.add($1) }
        }
    }

    private var planted: SyntheticProfile {
        var planted = SyntheticProfile()
        (planted.blocks, planted.steps, planted.origin) = (blocks, 2, .unavailable)
        return planted
    }

    private var empty: Profile {
        var profile = planted.make()
        profile.instrumentedSteps = (0..<bursts * Self.stepsPerBurst).map {
            StepSample(seconds: 1, cpuSeconds: 1, pair: $0 / Self.stepsPerBurst)
        }
        return profile
    }

    private func add(_ profile: inout Profile, seed: UInt64, to outcome: inout Outcome) throws {
        var generator = SeededGenerator(seed: seed)
        func draw() -> Double {
            hasHeavyTails ? generator.studentT(degreesOfFreedom: 3) / (3.0).squareRoot() : generator.normal()
        }
        let (planted, steps) = (planted, bursts * Self.stepsPerBurst)
        var truth = (0...blocks + 1).map { planted.seconds(layer: $0, forward: true) }
        for block in 1...blocks { truth[block] *= 1 + spread * generator.normal() }
        truth[Self.slowBlock] *= 1 + slow
        let ofBursts = (0..<bursts).map { _ in common * generator.normal() }
        let factors = (0..<steps).map { 1 + ofBursts[$0 / Self.stepsPerBurst] + common * draw() }
        for place in profile.layerTimes.indices {
            let (layer, direction) = (profile.layerTimes[place].layer, profile.layerTimes[place].direction)
            let mean = direction == .forward ? truth[layer] : planted.seconds(layer: layer, forward: false)
            profile.layerTimes[place].seconds = factors.map { mean * max(0.05, $0 * (1 + noise * draw())) }
        }
        let times = TimeFit(profile)
        let passes = (1...blocks).map { LayerPass(layer: $0, direction: .forward) }
        guard let pooled = times.observation(of: passes).flatMap(PooledEstimates.init) else { throw NotPooled() }
        for (estimate, pass) in zip(pooled.estimates(confidence: 0.95), passes) {
            let seconds = truth[pass.layer]
            let covers = estimate.lower <= seconds && seconds <= estimate.upper
            outcome.passes += 1
            outcome.covered += covers ? 1 : 0
            outcome.halfWidths += estimate.relativeHalfWidth
            outcome.ownHalfWidths += times.time(of: pass)?.relativeHalfWidth ?? .infinity
            guard pass.layer == Self.slowBlock else { continue }
            let error = estimate.value / seconds - 1
            outcome.slowError += error
            outcome.slowIsClose += abs(error) < 0.02 ? 1 : 0
            outcome.slowCovered += covers ? 1 : 0
        }
        let group = pooled.group(.timeSeconds, passes, confidence: 0.95, origin: .measured)
        outcome.profiles += 1
        outcome.differing += group.heterogeneity.pValue < PoolingGroup.significance ? 1 : 0
        let apart = group.outliers.map(\.layer)
        outcome.named += apart.contains(Self.slowBlock) ? 1 : 0
        outcome.namedFalsely += apart.count { $0 != Self.slowBlock }
    }

    private struct NotPooled: Error {}
}

extension SyntheticBlocks.Outcome {
    fileprivate mutating func add(_ other: Self) {
        profiles += other.profiles
        passes += other.passes
        covered += other.covered
        halfWidths += other.halfWidths
        ownHalfWidths += other.ownHalfWidths
        differing += other.differing
        named += other.named
        namedFalsely += other.namedFalsely
        slowError += other.slowError
        slowIsClose += other.slowIsClose
        slowCovered += other.slowCovered
    }
}
