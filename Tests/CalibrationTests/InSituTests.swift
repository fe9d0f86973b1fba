import ProfileFormat
import Quantities
import Statistics
import SystemIO
import TestSupport
import Testing
import Workload

@testable import Calibration

struct InSituTests {
    @Test func nonNegativeSquares() {
        var squares = NonNegativeLeastSquares(count: 3)
        squares.add([(0, 1), (1, 1)], value: 3)
        squares.add([(0, 1)], value: 1)
        squares.add([(1, 2)], value: 4)
        #expect(zip(squares.solution(), [1, 2, 0]).allSatisfy { abs($0 - $1) < 1e-6 })
        // Unconstrained this would be (2, -1); the nearest without negatives is (1.4, 0).
        var bounded = NonNegativeLeastSquares(count: 2)
        bounded.add([(0, 1), (1, 1)], value: 1)
        bounded.add([(0, 2), (1, 1)], value: 3)
        let solution = bounded.solution()
        #expect(abs(solution[0] - 1.4) < 1e-6 && solution[1] == 0)
    }

    /// Steps of known layers on two counters, of four fifths of the power and of one, that update every millisecond, each at
    /// a random phase of its own.
    ///
    /// - Parameters:
    ///   - lookShare: of the boundaries between layers, those at which the counter is looked at.
    ///   - isAligned: whether each step begins at an update.
    private func planted(
        watts: [Double], seconds: [Double], steps: Int, lookShare: Double = 1, isAligned: Bool = false
    ) -> Profile {
        var profile = SyntheticProfile().make()
        var generator = SeededGenerator(seed: 3)
        profile.meter.updates = CounterUpdates(intervalsSeconds: [0.001], resolutionJoules: nil)
        profile.stepTraces = (0..<steps).map { step in
            var times = [0.0]
            for second in seconds { times.append(times[times.count - 1] + second * (1 + 0.05 * generator.normal())) }
            func drawn(until time: Double) -> Double {
                zip(watts, zip(times, times.dropFirst())).reduce(watts[watts.count - 1] * min(0, time)) { sum, pass in
                    sum + pass.0 * max(0, min(time, pass.1.1) - pass.1.0)
                }
            }
            let isLook = times.indices.map { $0 == 0 || lookShare == 1 || generator.uniform() < lookShare }
            let shares = ["package-0": 0.8, "package-0/dramSide": 0.2]
            let joules = shares.keys.sorted().map { domain in
                let phase = isAligned ? 0 : 0.001 * generator.uniform()
                let shown = times.map {
                    (shares[domain] ?? 0) * drawn(until: (($0 - phase) / 0.001).rounded(.down) * 0.001 + phase)
                }
                return (domain, zip(shown, isLook).map { joules, isLook in isLook ? joules - shown[0] : nil })
            }
            return StepTrace(
                startSeconds: Double(step), staleSeconds: isAligned ? 0 : nil, seconds: times,
                joules: Dictionary(uniqueKeysWithValues: joules))
        }
        return profile
    }

    @Test(arguments: [(1.0, 200), (0.4, 500)])
    func powersComeFromTheCountersBetweenLayers(lookShare: Double, steps: Int) throws {
        let layers = SyntheticProfile().make().layers.count
        let count = 2 * layers - 1
        let watts = (0..<count).map { 10 + Double($0 % 4) * 3 }
        let seconds = (0..<count).map { 0.004 + 0.001 * Double($0 % 3) }
        let profile = planted(watts: watts, seconds: seconds, steps: steps, lookShare: lookShare)
        let fit = try #require(InSituFit(profile))
        for layer in 0..<layers {
            let power = try #require(fit.power(of: LayerPass(layer: layer, direction: .forward)))
            #expect(abs(power.value - watts[layer]) < 0.05 * watts[layer], "layer \(layer): \(power)")
            #expect(abs(power.value - watts[layer]) < 2.5 * power.halfWidth)
        }
    }

    /// Taken for half an interval old, the counter would make a step of 55 ms draw 0.9 % less than it does.
    @Test func aStepThatBeginsAtAnUpdateIsNotBiased() throws {
        let count = 2 * SyntheticProfile().make().layers.count - 1
        let seconds = (0..<count).map { 0.004 + 0.001 * Double($0 % 3) }
        var profile = planted(
            watts: [Double](repeating: 20, count: count), seconds: seconds, steps: 400, isAligned: true)
        func energy() throws -> Double {
            try #require(InSituFit(profile)).stepEnergy { pass in
                seconds[pass.direction == .forward ? pass.layer : count - pass.layer]
            }.value
        }
        let truth = 20 * seconds.reduce(0, +)
        #expect(abs(try energy() / truth - 1) < 0.003)
        for index in 0..<400 { profile.stepTraces?[index].staleSeconds = nil }
        #expect(try energy() / truth < 0.995)
    }

    /// Where an update was is known to half a millisecond: least squares alone would make layers of 0.3 and 0.9 ms draw 6 %
    /// less than they do.
    @Test(arguments: [0.0003, 0.0009, 0.0013]) func stepsOfShortLayersDrawWhatTheyDraw(seconds: Double) throws {
        let count = 2 * SyntheticProfile().make().layers.count - 1
        let profile = planted(
            watts: [Double](repeating: 20, count: count), seconds: [Double](repeating: seconds, count: count),
            steps: 600)
        let energy = try #require(InSituFit(profile)).stepEnergy { _ in seconds }
        let truth = 20 * seconds * Double(count)
        #expect(abs(energy.value - truth) < 0.02 * truth, "\(energy) J, planted \(truth) J")
    }

    /// An embedding of 0.1 ms, looked at in steps in which it takes twice its time: a power of its own would be whatever error
    /// the others leave, at some 2 % of the step's energy.
    @Test func aPassShorterThanAnUpdateTakesNoErrors() throws {
        let count = 2 * SyntheticProfile().make().layers.count - 1
        let seconds = [0.0001] + [Double](repeating: 0.003, count: count - 1)
        let profile = planted(watts: [Double](repeating: 20, count: count), seconds: seconds, steps: 600)
        let fit = try #require(InSituFit(profile))
        let energy = fit.stepEnergy { $0.layer == 0 ? 0.00005 : 0.003 }
        let truth = 20 * (0.00005 + 0.003 * Double(count - 1))
        #expect(abs(energy.value - truth) < 0.005 * truth, "\(energy) J, planted \(truth) J")
        #expect(abs(try #require(fit.power(of: LayerPass(layer: 0, direction: .forward))).value - 20) < 1)
    }

    @Test(
        arguments: [
            ([], []), ([0.5], [0]), ([2], [0]), ([0.1, 5, 5], [0, 0, 1]), ([5, 0.1, 5, 0.1], [0, 1, 1, 1]),
            ([0.4, 0.4, 0.4, 0.4], [0, 0, 0, 0]), ([5, 0.4, 0.4, 0.4, 0.4], [0, 1, 1, 1, 1]),
        ] as [([Double], [Int])])
    func neighborsShareAPowerUpToAnUpdateInterval(milliseconds: [Double], places: [Int]) {
        #expect(UpdateIntervalRegression.places(seconds: milliseconds, updateSeconds: 1) == places)
    }

    /// Counters that are updated apart from each other: what one shows is not put down to the time since the other's update.
    @Test func countersAreFittedEachByItsOwnUpdates() throws {
        let count = 2 * SyntheticProfile().make().layers.count - 1
        let watts = (0..<count).map { $0 % 2 == 0 ? 20.0 : 8.0 }
        let profile = planted(watts: watts, seconds: [Double](repeating: 0.0013, count: count), steps: 2000)
        let fit = try #require(InSituFit(profile))
        for layer in 1...3 {
            let power = try #require(fit.power(of: LayerPass(layer: layer, direction: .forward)))
            #expect(abs(power.value - watts[layer]) < 0.1 * watts[layer], "layer \(layer): \(power)")
        }
    }

    /// What a burst's steps have in common is no evidence twice.
    @Test func theIntervalKnowsBursts() throws {
        let count = 2 * SyntheticProfile().make().layers.count - 1
        let seconds = [Double](repeating: 0.005, count: count)
        let watts = [Double](repeating: 20, count: count)
        var profile = planted(watts: watts, seconds: seconds, steps: 400)
        var generator = SeededGenerator(seed: 5)
        var traces = try #require(profile.stepTraces)
        for burst in 0..<20 {
            let factor = 1 + 0.05 * generator.normal()
            for step in (20 * burst)..<(20 * burst + 20) {
                traces[step].joules = traces[step].joules.mapValues { $0.map { $0.map { $0 * factor } } }
                traces[step].pair = burst
            }
        }
        profile.stepTraces = traces
        let together = try #require(InSituFit(profile)).stepEnergy { _ in 0.005 }
        for step in traces.indices { traces[step].pair = nil }
        profile.stepTraces = traces
        let apart = try #require(InSituFit(profile)).stepEnergy { _ in 0.005 }
        // 5 % over the root of 20 bursts, times Student's t: 2.5 %; taken apart it seems less than half of that.
        #expect(together.relativeHalfWidth > 0.015 && together.relativeHalfWidth > 2 * apart.relativeHalfWidth)
        #expect(abs(together.value - 20 * 0.005 * Double(count)) < together.halfWidth)

        for step in traces.indices { traces[step].pair = step % 4 }
        profile.stepTraces = traces
        #expect(InSituFit(profile) == nil, "four bursts are too few")
    }

    @Test func tooFewStepsGiveNoFigure() {
        let count = 2 * SyntheticProfile().make().layers.count - 1
        let ones = [Double](repeating: 0.004, count: count)
        #expect(InSituFit(planted(watts: ones, seconds: ones, steps: 4)) == nil)
        #expect(InSituFit(planted(watts: ones, seconds: ones, steps: 5)) != nil)
    }
}
