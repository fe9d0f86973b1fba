import SystemIO
import TransformerKernels
import Workload

/// One decoder block against the bare products of its projections, in turn in the same process.
///
/// Forward and backward pass of both are timed in every round, in random order, so that what changes on the box during
/// the run changes all four alike.
package final class LayerBenchmark {
    /// What a round times.
    package enum Subject: String, Sendable, CaseIterable {
        case blockForward, blockBackward, bareForward, bareBackward
    }

    /// Seconds by subject; sample `i` of each is round `i`.
    package typealias Samples = [Subject: [Double]]

    /// Rounds that are run and forgotten: until two in a row take the same within this ratio, at most so many.
    static let steadyRatio = 0.02
    static let longestWarmUp = 12

    private let stack: LayerStack
    private let bare: BareProducts?
    private let clock: any ExperimentClock
    private var order: [Subject]

    /// - Parameters:
    ///   - stack: one block and nothing else, its input and its output's gradient filled.
    ///   - bare: `nil` to time the block alone.
    package init(stack: LayerStack, bare: BareProducts?, clock: any ExperimentClock = SystemClock()) {
        self.stack = stack
        self.bare = bare
        self.clock = clock
        order = Subject.allCases.filter { bare != nil || $0 == .blockForward || $0 == .blockBackward }
    }

    /// Runs the block once in order, so that its backward pass finds what it needs, and then rounds until the box is
    /// steady.
    ///
    /// - Throws: what the block and the products throw.
    package func warmUp() throws {
        try run(.blockForward)
        var last = Double.infinity
        for _ in 0..<Self.longestWarmUp {
            let seconds = try round().values.reduce(0, +)
            if abs(seconds / last - 1) < Self.steadyRatio { return }
            last = seconds
        }
    }

    /// One pass of each subject.
    package func round() throws -> [Subject: Double] {
        order.shuffle()
        return try order.reduce(into: [:]) { seconds, subject in
            let began = clock.now()
            try run(subject)
            seconds[subject] = clock.now().seconds(since: began)
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

    private func run(_ subject: Subject) throws {
        let layer = stack.layers.lowerBound
        switch subject {
        case .blockForward: try stack.forward(layer: layer)
        case .blockBackward: try stack.backward(layer: layer)
        case .bareForward: try bare?.run(.forward)
        case .bareBackward: try bare?.run(.backward)
        }
    }
}
