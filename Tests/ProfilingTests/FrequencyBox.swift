import ProbeKit
import Profiling
import RealModule
import Statistics
import TransformerKernels
import Workload

/// A step on a simulated box whose time and power follow planted laws of the clock.
///
/// T(f) = a + b / f of every pass, P(f) = P0 + k (f / 2.4 GHz)^alpha while one runs.
final class ClockedStep: LayeredStep, FrequencyControl {
    static let referenceHertz = 2.4e9
    static let staticWatts = 9.0
    static let dynamicWatts = 14.0
    static let exponent = 2.3

    let box: SimulatedBox
    let layerCount: Int
    let timeline = KernelTimeline()
    /// What the box really runs at, of what was set.
    let achieving: (Double) -> Double
    private(set) var set: [Double] = []
    private var noise: SeededGenerator

    init(box: SimulatedBox, blocks: Int = 2, seed: UInt64 = 5, achieving: @escaping (Double) -> Double = { $0 }) {
        self.box = box
        layerCount = blocks + 2
        noise = SeededGenerator(seed: seed)
        self.achieving = achieving
    }

    var hertz: Double { achieving(set.last ?? Self.referenceHertz) }

    func set(_ step: FrequencySetpoint) { set.append(step.hertz) }

    /// The embedding waits for memory alone, the blocks for both, the head for the cores alone.
    static func law(_ pass: LayerPass, layerCount: Int) -> (fixedSeconds: Double, cycles: Double) {
        if pass.layer == 0 { return pass.direction == .forward ? (50e-6, 0) : (0, 0) }
        let factor = pass.direction == .forward ? 1.0 : 1.4
        return pass.layer == layerCount - 1 ? (0, 12e6 * factor) : (0.001 * factor, 6e6 * factor)
    }

    static func watts(_ hertz: Double) -> Double {
        staticWatts + dynamicWatts * Double.pow(hertz / referenceHertz, exponent)
    }

    func needsPreparation(layer: Int) -> Bool { false }
    func prepare(layer: Int) {}

    func run(layer: Int, _ direction: Direction) {
        let law = Self.law(LayerPass(layer: layer, direction: direction), layerCount: layerCount)
        let seconds = law.fixedSeconds + law.cycles / hertz
        guard seconds > 0 else { return }
        let factor = 1 + 0.02 * Double.random(in: -1...1, using: &noise)
        box.pass(seconds: seconds * factor, watts: Self.watts(hertz), threads: 2)
    }
}
