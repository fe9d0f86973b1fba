import Statistics
import TransformerKernels
import Workload

/// How long one kernel of a layer takes in one direction.
package struct KernelTime: Sendable {
    package var kernel: Kernel
    package var direction: Direction
    /// Summed over the kernel's runs in a pass; the median over passes.
    package var seconds: Double
}

extension LayerStack {
    /// Times of the kernels of the stack's first layer, forward before backward, in the order of their first run.
    package func kernelTimes(rounds: Int) throws -> [KernelTime] {
        let layer = layers.lowerBound
        var places: [(kernel: Kernel, direction: Direction)] = []
        var samples: [[Double]] = []
        timeline.isRecording = true
        defer { timeline.isRecording = false }
        for round in 0..<rounds {
            timeline.reset()
            try forward(layer: layer)
            try backward(layer: layer)
            for span in timeline.spans {
                let place =
                    places.firstIndex { $0.kernel == span.kernel && $0.direction == span.direction }
                    ?? places.count
                if place == places.count {
                    places.append((span.kernel, span.direction))
                    samples.append(Array(repeating: 0, count: rounds))
                }
                samples[place][round] += Double(span.endNanoseconds - span.startNanoseconds) * 1e-9
            }
        }
        return zip(places, samples).map { place, seconds in
            KernelTime(
                kernel: place.kernel, direction: place.direction,
                seconds: Estimate.median(of: seconds)?.value ?? 0)
        }
    }
}
