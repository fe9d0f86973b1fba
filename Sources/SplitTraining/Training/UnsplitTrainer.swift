import ModelFiles
import SystemIO
import TransformerKernels

/// Trains the whole model in one process: the reference of a split, and a split's device at the last cut.
///
/// Used from one thread.
package final class UnsplitTrainer {
    package let side: TrainingSide
    /// Optimizer steps so far.
    package private(set) var step: Int

    /// - Parameters:
    ///   - side: all layers of the model.
    ///   - step: optimizer steps that the side's adapters have had.
    package init(side: TrainingSide, step: Int = 0) {
        precondition(side.layers == 0...side.model.blockCount + 1)
        self.side = side
        self.step = step
    }

    /// One optimizer step.
    ///
    /// - Returns: the mean loss over the batch's targets before the step, in nats.
    /// - Throws: ``KerfError/Code/invalidToken`` for a batch without targets.
    package func train(_ batch: StepBatch) throws -> Double {
        let count = side.settings.microBatches
        var loss = 0.0
        for index in 0..<count {
            loss += try forward(batch, index)
            try side.backward(isFirst: index == 0, isLast: index == count - 1)
        }
        let factor = GradientClipping.factor(
            squaredNorms: side.squaredNorms(), maximum: side.settings.maximumGradientNorm)
        try side.update(factor: factor, step: step)
        step += 1
        return loss
    }

    /// The mean loss over a batch's targets; nothing is trained.
    package func evaluate(_ batch: StepBatch) throws -> Double {
        try (0..<side.settings.microBatches).reduce(0) { try $0 + forward(batch, $1) }
    }

    private func forward(_ batch: StepBatch, _ index: Int) throws -> Double {
        let total = batch.targetCount
        guard total > 0 else { throw KerfError(.invalidToken, "no token of the batch has a target") }
        let part = batch.part(index, of: side.settings.microBatches)
        try side.stack.setMicroBatch(tokens: part.inputs, targets: part.targets, batchTargets: total)
        return try side.forward()
    }
}
