import CARD
import Calibration
import Statistics
import TestSupport

/// A random pair of boxes whose truth is known, and calibrations of it from noisy samples.
///
/// The samples are drawn as an instrumented run would: every step has a time for each pass, part of its noise common to
/// the whole step; power comes from windows. Means and intervals are made by the same statistics as in the fit.
struct PlantedChoice {
    let device: Calibration
    let server: Calibration
    private let template: Calibration
    let decider: Decider

    static let blocks = 4
    private static let steps = 25
    private static let windows = 12

    init(template: Calibration, _ generator: inout SeededGenerator) throws {
        func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * generator.uniform() }
        self.template = template
        // Costs of neighbouring cuts lie close: layers differ little, and the link costs little.
        let ratio = uniform(0.9, 1.1)
        let (seconds, watts) = (uniform(0.01, 0.1), uniform(20, 100))
        var (device, server) = (template, template)
        for layer in template.layers.indices where layer > 0 {
            let unlike = uniform(0.9, 1.1)
            for pass in [\LayerCalibration.forward, \.backward] {
                let time = seconds * unlike * uniform(0.9, 1.1)
                device.layers[layer][keyPath: pass].timeSeconds.value = time * ratio * uniform(0.95, 1.05)
                server.layers[layer][keyPath: pass].timeSeconds.value = time
                server.layers[layer][keyPath: pass].netEnergyJoules.value = time * watts * uniform(0.9, 1.1)
            }
        }
        (self.device, self.server) = (device, server)
        decider = Decider(
            link: try Link(
                uplinkBitsPerSecond: uniform(2e8, 1e9), downlinkBitsPerSecond: uniform(2e8, 1e9), roundTripSeconds: 0),
            weight: uniform(0.3, 1))
    }

    /// The truth's best cut.
    func best() throws -> Int { try DeciderTests.decide(decider, device, server).choice.cut }

    /// What a run with this noise would have found.
    func measured(_ generator: inout SeededGenerator) -> (device: Calibration, server: Calibration) {
        // Not called in the initialiser of a tuple: order matters for the seed.
        let first = noisy(device, &generator)
        return (first, noisy(server, &generator))
    }

    private func noisy(_ truth: Calibration, _ generator: inout SeededGenerator) -> Calibration {
        var calibration = truth
        let own = 0.01 + 0.09 * generator.uniform()
        let common = [0, 0.5, 1][Int.random(in: 0..<3, using: &generator)] * own
        let shared = (0..<Self.steps).map { _ in 1 + common * generator.normal() }
        var total = 0.0
        for layer in truth.layers.indices {
            for pass in [\LayerCalibration.forward, \.backward] {
                guard let seconds = truth.layers[layer][keyPath: pass].timeSeconds.value, seconds > 0 else { continue }
                total += seconds
                let samples = shared.map { seconds * $0 * (1 + own * generator.normal()) }
                let time = TrimmedSteps(totals: samples).total()!
                calibration.layers[layer][keyPath: pass].timeSeconds = Quantity(time, origin: .measured)
                let joules = truth.layers[layer][keyPath: pass].netEnergyJoules.value ?? 0
                let power = Estimate.mean(
                    of: (0..<Self.windows).map { _ in joules / seconds * (1 + own * generator.normal()) })!
                calibration.layers[layer][keyPath: pass].netEnergyJoules = Quantity(power * time, origin: .simulated)
            }
        }
        // Steps without instruments have the same kinds of noise: each pass its own, and one for the step.
        let passes = (truth.layers.flatMap { [$0.forward, $0.backward] }).compactMap(\.timeSeconds.value)
        let steps = (0..<Self.steps).map { _ in
            (1 + common * generator.normal())
                * passes.reduce(0) { $0 + $1 * (1 + own * generator.normal()) }
        }
        calibration.step.timeSeconds = Quantity(TrimmedSteps(totals: steps).total()!, origin: .measured)
        return calibration
    }
}
