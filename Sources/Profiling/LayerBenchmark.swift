import ProfileFormat
import Statistics
import SystemIO
import TransformerKernels
import Workload

/// Times a decoder block, the bare matrix products of its projections by several engines, and the processor's multiply-add
/// units, alternately in one process.
///
/// Every round times all of them, forward and backward, in random order, so that changes of the box during the run affect
/// all alike.
package final class LayerBenchmark {
    /// A part of a round.
    package enum Subject: Sendable, Hashable {
        case block(Direction)
        /// The products alone, by the engine of this name.
        case products(String, Direction)
        /// As many operations as the products have in both directions, in registers.
        case multipliers
    }

    /// Seconds by subject; sample `i` of each is round `i`.
    package typealias Samples = [Subject: [Double]]

    /// Warm-up rounds end when two in a row take the same time within this ratio, or at the maximum.
    static let steadyRatio = 0.02
    static let maximumWarmUp = 12

    private let stack: LayerStack
    private let products: [BareProducts]
    private let clock: any ExperimentClock
    private var order: [Subject]

    /// - Parameters:
    ///   - stack: one block and nothing else, its input and its output's gradient filled.
    ///   - products: of different engines; empty to time the block alone.
    package init(stack: LayerStack, products: [BareProducts], clock: any ExperimentClock = SystemClock()) {
        self.stack = stack
        self.products = products
        self.clock = clock
        order = Direction.allCases.flatMap { direction in
            [.block(direction)] + products.map { .products($0.engine.name, direction) }
        }
        // Beside one engine alone, only that is wanted.
        if products.count > 1 { order.append(.multipliers) }
    }

    /// Runs the block's forward pass, which its backward pass needs, and then rounds until the box is steady.
    ///
    /// - Throws: what the block and the products throw.
    package func warmUp() throws {
        _ = try run(.block(.forward))
        var last = Double.infinity
        for _ in 0..<Self.maximumWarmUp {
            let seconds = try round().values.reduce(0, +)
            if abs(seconds / last - 1) < Self.steadyRatio { return }
            last = seconds
        }
    }

    /// One pass of each subject.
    package func round() throws -> [Subject: Double] {
        order.shuffle()
        return try order.reduce(into: [:]) { seconds, subject in
            seconds[subject] = try run(subject)
        }
    }

    /// Rounds until `count` are done or `shouldStop`.
    package func run(rounds count: Int, shouldStop: () -> Bool = { false }) throws -> Samples {
        var samples: Samples = [:]
        for _ in 0..<count where !shouldStop() {
            for (subject, seconds) in try round() { samples[subject, default: []].append(seconds) }
        }
        return samples
    }

    /// - Returns: its time, in seconds.
    private func run(_ subject: Subject) throws -> Double {
        let layer = stack.layers.lowerBound
        let began = clock.now()
        switch subject {
        case .block(.forward): try stack.forward(layer: layer)
        case .block(.backward): try stack.backward(layer: layer)
        case .products(let name, let direction): try products.first { $0.engine.name == name }?.run(direction)
        case .multipliers:
            let rate = Multipliers.flopsPerSecond(format: stack.format, threadCount: stack.threadCount)
            return 2 * (products.first?.flops ?? 0) / rate
        }
        return clock.now().seconds(since: began)
    }
}

/// The time of one kernel of a layer in one direction.
package struct KernelTime: Sendable {
    package var kernel: Kernel
    package var direction: Direction
    /// Median over passes of the sum over the kernel's runs in a pass.
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
