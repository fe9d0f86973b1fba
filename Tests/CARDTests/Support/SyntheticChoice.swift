import Calibration
import ProfileFormat
import Quantities
import Statistics
import SystemIO
import Workload

@testable import CARD

/// A random pair of boxes whose truth is known, and calibrations of it from noisy samples.
///
/// The samples are drawn as an instrumented run would: every step has a time for each pass, part of its noise common to
/// the whole step; power comes from windows. Means and intervals are made by the same statistics as in the fit.
struct SyntheticChoice {
    private let truth: SplitProblem
    private let weight: Double

    private static let steps = 25
    private static let windows = 12

    /// - Parameter template: a pair whose values are replaced.
    init(template: Pairing, kind: SyntheticKind, _ generator: inout SeededGenerator) throws {
        let (ratio, head) = (kind.ratio(&generator), kind.head(&generator))
        func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * generator.uniform() }
        func unlike() -> Double { uniform(1 - kind.spread, 1 + kind.spread) }
        let (seconds, watts) = (uniform(0.01, 0.1), uniform(20, 100))
        var pairing = template
        for pass in [\LayerCalibration.forward, \.backward] {
            let (ofPass, power) = (seconds * uniform(0.8, 1.2), watts * uniform(0.9, 1.1))
            for layer in template.server.layers.indices where layer > 0 {
                let isHead = layer == template.server.layers.count - 1
                let time = ofPass * unlike() * (isHead ? head.server : 1)
                pairing.device.layers[layer][keyPath: pass].timeSeconds.value =
                    ofPass * ratio * unlike() * (isHead ? head.device : 1)
                pairing.server.layers[layer][keyPath: pass].timeSeconds.value = time
                pairing.server.layers[layer][keyPath: pass].netEnergyJoules.value = time * power * unlike()
            }
        }
        weight = uniform(0.3, 1)
        truth = SplitProblem(
            pairing: pairing,
            link: try Link(
                uplinkBitsPerSecond: uniform(5e9, 2e10), downlinkBitsPerSecond: uniform(5e9, 2e10),
                roundTripSeconds: 0),
            steps: 10, account: .net, scope: .computing, declaredServerWatts: nil, limits: CutLimits(), microBatches: 1)
    }

    /// The decision from what a run with this noise would have found: how probable it says its cut to be the best, and
    /// whether it is.
    ///
    /// - Parameter draws: of the probability. Their chance averages out over many decisions.
    func decide(_ noise: inout Noise, draws: Int) throws -> (stated: Double, isBest: Bool) {
        var found = truth
        found.pairing.device = noisy(truth.pairing.device, &noise)
        found.pairing.server = noisy(truth.pairing.server, &noise)
        let solver = try Solver(model: try found.model(.measuredLink), weight: weight)
        let solution = solver.solve()
        let confidence = try ConfidenceEstimator(
            problem: found, level: .measuredLink, solver: solver, solution: solution, draws: draws
        ).estimate()
        let best = try Solver(model: try truth.model(.measuredLink), weight: weight).solve().chosen.cut.cut
        return (confidence?.chosenProbability ?? .nan, best == solution.chosen.cut.cut)
    }

    private func noisy(_ truth: Calibration, _ noise: inout Noise) -> Calibration {
        var calibration = truth
        let own = 0.01 + 0.09 * noise.uniform()
        let common = [0, 0.5, 1][min(2, Int(3 * noise.uniform()))] * own
        let shared = (0..<Self.steps).map { _ in 1 + common * noise.normal() }
        for layer in truth.layers.indices {
            for pass in [\LayerCalibration.forward, \.backward] {
                guard let seconds = truth.layers[layer][keyPath: pass].timeSeconds.value, seconds > 0 else { continue }
                let samples = shared.map { seconds * $0 * (1 + own * noise.normal()) }
                let time = TrimmedSteps(totals: samples).total()!
                calibration.layers[layer][keyPath: pass].timeSeconds = Quantity(time, origin: .measured)
                let joules = truth.layers[layer][keyPath: pass].netEnergyJoules.value ?? 0
                let power = Estimate.mean(
                    of: (0..<Self.windows).map { _ in joules / seconds * (1 + own * noise.normal()) })!
                calibration.layers[layer][keyPath: pass].netEnergyJoules = Quantity(power * time, origin: .simulated)
            }
        }
        // Steps without instruments have the same kinds of noise: each pass its own, and one for the step.
        let passes = (truth.layers.flatMap { [$0.forward, $0.backward] }).compactMap(\.timeSeconds.value)
        let steps = (0..<Self.steps).map { _ in
            (1 + common * noise.normal()) * passes.reduce(0) { $0 + $1 * (1 + own * noise.normal()) }
        }
        calibration.step.timeSeconds = Quantity(TrimmedSteps(totals: steps).total()!, origin: .measured)
        // The noise of power is each pass' own.
        let joules = truth.layers.flatMap { [$0.forward, $0.backward] }.compactMap(\.netEnergyJoules.value)
        calibration.step.netEnergyJoules = Quantity(
            Estimate.mean(
                of: (0..<Self.windows).map { _ in joules.reduce(0) { $0 + $1 * (1 + own * noise.normal()) } })!,
            origin: .simulated)
        return calibration
    }
}

/// Draws of noise that can be had with the opposite sign: two runs whose errors mirror each other make the share of
/// right decisions less a matter of chance, and each run by itself is as random as any.
struct Noise {
    private var generator: SeededGenerator
    private let sign: Double

    init(seed: UInt64, mirrored: Bool) {
        generator = SeededGenerator(seed: seed)
        sign = mirrored ? -1 : 1
    }

    mutating func uniform() -> Double { generator.uniform() }
    mutating func normal() -> Double { sign * generator.normal() }
}
