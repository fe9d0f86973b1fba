import ProbeKit
import Profiling
import Statistics
import TransformerKernels
import Workload

/// A step of one layer, whose passes take known time and power on a virtual box.
final class SyntheticLayer: LayeredStep {
    let layerCount = 1
    let timeline = KernelTimeline(capacity: 1)
    private let truth: GroundTruth
    private let box: VirtualBox
    private var generator: SeededGenerator
    private var isThrottled = false
    private var throttleCount = 0

    /// Factors of a throttled pass.
    private static let throttledPower = 0.6
    private static let throttledTime = 1.6

    init(_ truth: GroundTruth, on box: VirtualBox, generator: SeededGenerator) {
        self.truth = truth
        self.box = box
        self.generator = generator
    }

    func needsPreparation(layer: Int) -> Bool { false }
    func prepare(layer: Int) {}

    func run(layer: Int, _ direction: Direction) {
        let seconds = truth.layerSeconds * factor() * (isThrottled ? Self.throttledTime : 1)
        let watts = truth.layerWatts * factor() * (isThrottled ? Self.throttledPower : 1)
        box.work(seconds: seconds, watts: watts)
    }

    /// Reports throttling since the last call, and draws whether the box is throttled from now on.
    func conditions() -> BoxConditions {
        if isThrottled { throttleCount += 1 }
        isThrottled = truth.throttledShare > 0 && Double.random(in: 0..<1, using: &generator) < truth.throttledShare
        return BoxConditions(throttleCount: throttleCount)
    }

    private func factor() -> Double { truth.jitter > 0 ? max(0.1, 1 + truth.jitter * generator.normal()) : 1 }
}
