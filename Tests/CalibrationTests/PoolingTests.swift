import Calibration
import ProfileFormat
import Quantities
import SystemIO
import TestSupport
import Testing
import Workload

@Suite("Pooling of blocks of one shape")
struct PoolingTests {
    private var noisy: SyntheticProfile {
        var planted = SyntheticProfile()
        (planted.blocks, planted.noise, planted.steps, planted.windows) = (16, 0.08, 24, 8)
        return planted
    }

    private static func calibrate(_ profiles: [Profile]) throws -> Calibration {
        try Calibrator.calibrate(profiles.enumerated().map { try CalibratorTests.input($1, "\($0).json") })
    }

    private static func slowed(_ profile: Profile, block: Int, by factor: Double) -> Profile {
        var profile = profile
        for place in profile.layerTimes.indices where profile.layerTimes[place].layer == block {
            profile.layerTimes[place].seconds = profile.layerTimes[place].seconds.map { $0 * factor }
        }
        return profile
    }

    @Test("times and powers of both passes are pooled, their intervals narrower and about the true values")
    func narrower() throws {
        let planted = noisy
        let calibration = try Self.calibrate([planted.make()])
        let groups = try #require(calibration.pooling)
        #expect(groups.count == 6 && Set(groups.map { "\($0.value) \($0.direction)" }).count == 6)
        #expect(groups.allSatisfy { $0.members.map(\.layer) == Array(1...16) })
        let truths: [(PoolingGroup.Value, Direction, Double)] = [
            (.timeSeconds, .forward, planted.seconds(layer: 1, forward: true)),
            (.timeSeconds, .backward, planted.seconds(layer: 1, forward: false)),
            (.grossPowerWatts, .forward, planted.forwardWatts), (.grossPowerWatts, .backward, planted.backwardWatts),
            (.netPowerWatts, .forward, planted.forwardWatts - planted.idleWatts),
            (.netPowerWatts, .backward, planted.backwardWatts - planted.idleWatts),
        ]
        for (value, direction, truth) in truths {
            let group = try #require(groups.first { $0.value == value && $0.direction == direction })
            let (lower, upper) = (try #require(group.center.lower), try #require(group.center.upper))
            // Twice the interval: six of them, each outside in one of twenty.
            #expect(abs(truth - (lower + upper) / 2) < upper - lower, "\(value) \(direction)")
            #expect(group.heterogeneity.degreesOfFreedom == 15 && group.heterogeneity.pValue > 0.001)
        }
        for layer in calibration.layers[1...16] {
            for pass in [layer.forward, layer.backward] {
                let pooled = try #require(pass.pooled)
                let (width, own) = (pooled.timeSeconds.relativeHalfWidth, pass.timeSeconds.relativeHalfWidth)
                #expect(try #require(width) < 0.8 * (try #require(own)))
                let (joules, ownJoules) = (pooled.grossEnergyJoules, pass.grossEnergyJoules)
                #expect(try #require(joules?.relativeHalfWidth) < 0.8 * (try #require(ownJoules.relativeHalfWidth)))
                #expect(pooled.netEnergyJoules?.origin == .simulated)
            }
        }
        #expect(calibration.layers[0].forward.pooled == nil && calibration.layers[17].forward.pooled == nil)
    }

    @Test("a slow block is named with its difference")
    func named() throws {
        let profile = Self.slowed(noisy.make(), block: 5, by: 1.4)
        let calibration = try Self.calibrate([profile])
        let named = calibration.warnings.filter { $0.hasPrefix("Block 5 takes ") }
        #expect(
            named.count == 2 && calibration.warnings.count { $0.hasPrefix("Block ") } == 2, "\(calibration.warnings)")
        let pass = calibration.layers[5].forward
        let (own, pooled) = (try #require(pass.timeSeconds.value), try #require(pass.pooled?.timeSeconds.value))
        #expect(abs(pooled / own - 1) < 0.02)
        let others = calibration.layers[1...16].filter { $0.description.index != 5 }
        for other in others { #expect(abs(try #require(other.forward.pooled?.timeSeconds.value) / 0.01 - 1) < 0.02) }
    }

    @Test("pooled values hardly change the sum of the layers")
    func sum() throws {
        let calibration = try Self.calibrate([Self.slowed(noisy.make(), block: 5, by: 1.4)])
        func total(_ calibration: Calibration) -> Double {
            calibration.layers.reduce(0) {
                $0 + ($1.forward.timeSeconds.value ?? 0) + ($1.backward.timeSeconds.value ?? 0)
            }
        }
        #expect(abs(total(calibration.usingPooledValues) / total(calibration) - 1) < 0.003)
    }

    @Test("what steps have in common is not averaged over the blocks")
    func common() throws {
        var planted = noisy
        (planted.noise, planted.stepNoise) = (0.01, 0.10)
        let group = try #require(try Self.calibrate([planted.make()]).pooling?.first)
        let center = try #require(group.center.value)
        // 10 % over the square root of the kept steps.
        #expect(group.commonStandardError / center > 0.01 && group.commonStandardError / center < 0.04)
        #expect(try #require(group.center.relativeHalfWidth) > 0.02)
        #expect(group.members.allSatisfy { $0.ownStandardError / center < 0.01 })
    }

    @Test("runs that differ widen pooled intervals as they widen a block's own")
    func runs() throws {
        let profiles = [0.94, 0.98, 1.02, 1.06].enumerated().map { index, factor in
            var planted = noisy
            (planted.seed, planted.noise) = (UInt64(index + 1), 0.01)
            planted.blockSeconds *= factor
            return planted.make()
        }
        let calibration = try Self.calibrate(profiles)
        let pass = calibration.layers[1].forward
        let (width, own) = (pass.pooled?.timeSeconds.relativeHalfWidth, pass.timeSeconds.relativeHalfWidth)
        // Student's interval of four means with a standard deviation of 5 % has a half width of 8 %.
        #expect(try #require(width) > 0.05 && (try #require(width)) < 1.3 * (try #require(own)))
    }

    @Test("two blocks, blocks of different shapes, and times without noise are not pooled")
    func notPooled() throws {
        var two = noisy
        two.blocks = 2
        #expect(try Self.calibrate([two.make()]).pooling == nil)
        var shapes = noisy
        shapes.blocks = 4
        var profile = shapes.make()
        for block in 1...2 { profile.layers[block].forwardFlops *= 2 }
        #expect(try Self.calibrate([profile]).pooling == nil)
        var exact = noisy
        (exact.noise, exact.origin) = (0, .unavailable)
        let calibration = try Self.calibrate([exact.make()])
        #expect(calibration.pooling == nil && calibration.layers[1].forward.pooled == nil)
    }

    @Test("with no meter only times are pooled")
    func timesOnly() throws {
        var planted = noisy
        planted.origin = .unavailable
        let calibration = try Self.calibrate([planted.make()])
        #expect(calibration.pooling?.map(\.value) == [.timeSeconds, .timeSeconds])
        #expect(calibration.layers[1].forward.pooled?.grossEnergyJoules == nil)
    }
}
