import ProfileFormat
import SystemIO
import TransformerKernels
import Workload

/// A training step that can be run layer by layer: what an experiment measures.
///
/// Layers are numbered 0 the embedding, 1...L the blocks, L + 1 the head. One step is every layer forward in order,
/// then every layer backward in reverse, each block's AdamW at the end of its backward pass.
package protocol ProfiledStep: AnyObject {
    /// L + 2 for a model of L blocks; 1 in the self-test.
    var layerCount: Int { get }
    var timeline: KernelTimeline { get }

    /// Whether the layer's weights have to be loaded before it runs.
    func needsPreparation(layer: Int) -> Bool
    /// Loads the layer's weights. Kept out of every window: a side of a split has its weights loaded.
    func prepare(layer: Int) throws
    /// Runs one pass. Repeating a pass gives the same result.
    func run(layer: Int, _ direction: Direction) throws
}

extension ProfiledStep {
    /// The passes of one step, in order. The embedding is frozen, so nothing runs backward through it.
    package var passes: [LayerPass] {
        (0..<layerCount).map { LayerPass(layer: $0, direction: .forward) }
            + (1..<layerCount).reversed().map { LayerPass(layer: $0, direction: .backward) }
    }

    package func run(_ pass: LayerPass) throws {
        try run(layer: pass.layer, pass.direction)
    }

    /// Whether weights have to be loaded in the middle of a step.
    var isInterrupted: Bool { passes.contains { needsPreparation(layer: $0.layer) } }

    /// Cost of one whole step without loading weights. The passes between two loads are one interval, which begins and
    /// ends at updates of the counters, since loading draws another power than computing.
    func costOfInterruptedStep(interval: MeteredInterval, checkpoint: () throws -> Void) throws -> Cost {
        var total = Cost()
        var pending = passes[...]
        while let next = pending.first {
            try checkpoint()
            if needsPreparation(layer: next.layer) { try prepare(layer: next.layer) }
            total += try interval.cost { _ in
                repeat {
                    try run(pending.removeFirst())
                } while pending.first.map { !needsPreparation(layer: $0.layer) } ?? false
            }
        }
        return total
    }

    /// Time of one whole step with all weights in memory.
    ///
    /// - Parameters:
    ///   - order: the step's passes.
    ///   - start: of the run.
    func timeOfWholeStep(
        _ order: [LayerPass], clock: any ExperimentClock, pair: Int, since start: MonotonicInstant
    ) throws -> StepSample {
        let cpuBefore = clock.cpuSeconds()
        let began = clock.now()
        for pass in order { try run(pass) }
        let ended = clock.now()
        return StepSample(
            seconds: ended.seconds(since: began), cpuSeconds: clock.cpuSeconds() - cpuBefore, pair: pair,
            startSeconds: began.seconds(since: start))
    }
}

/// The step that `kerf profile` measures: all layers of a model.
extension LayerStack: ProfiledStep {
    package var layerCount: Int { layers.count }

    package func needsPreparation(layer: Int) -> Bool { !isPrepared(layer: layer) }

    package func run(layer: Int, _ direction: Direction) throws {
        switch direction {
        case .forward:
            try forward(layer: layer)
        case .backward:
            try backward(layer: layer)
            try update(layer: layer)
        }
    }
}
