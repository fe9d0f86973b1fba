import ModelFiles
import SystemIO
import TransformerKernels
import Workload

/// The layers that one process trains: all of them, or one side of a split.
///
/// A micro-batch goes ``forward(slot:)``, then ``backward(slot:isFirst:isLast:)``. After the last one the layers'
/// gradients are the batch's, and ``update(factor:step:)`` applies them.
///
/// Used from one thread.
package final class TrainingSide {
    package let settings: TrainingSettings
    /// May have more layers than ``layers``.
    package let stack: LayerStack
    /// The layers that passes run; changes with the cut.
    package private(set) var layers: ClosedRange<Int>

    /// - Parameters:
    ///   - slotCount: micro-batches whose activations are kept at the same time.
    ///   - activationCheckpointing: whether backward passes of blocks recompute their forward passes.
    package init(
        source: any WeightSource, settings: TrainingSettings, layers: ClosedRange<Int>, engine: any MatrixEngine,
        residency: WeightResidency = .resident, slotCount: Int = 1, activationCheckpointing: Bool = false
    ) throws {
        self.settings = settings
        self.layers = layers
        stack = try LayerStack(
            model: source.config, weights: source, lora: settings.lora, batch: settings.microBatch, layers: layers,
            engine: engine, format: settings.format, residency: residency, slotCount: slotCount,
            activationCheckpointing: activationCheckpointing, seed: settings.seed, timeline: KernelTimeline())
    }

    package var model: ModelConfig { stack.model }
    private var hasHead: Bool { layers.upperBound == model.blockCount + 1 }
    /// The blocks among ``layers``.
    package var blocks: ClosedRange<Int>? {
        let (first, last) = (max(1, layers.lowerBound), min(model.blockCount, layers.upperBound))
        return first <= last ? first...last : nil
    }

    /// Restricts the passes to a part of the stack's layers.
    package func select(layers: ClosedRange<Int>) {
        precondition(layers.clamped(to: stack.layers) == layers)
        self.layers = layers
    }

    /// Runs the layers forward.
    ///
    /// - Returns: the sum of the losses over ``LayerStack/lossTargetCount``, where the layers end with the head and the
    ///   micro-batch has a target; else 0.
    @discardableResult
    package func forward(slot: Int = 0) throws -> Double {
        stack.select(slot: slot)
        for layer in layers where !(layer == model.blockCount + 1 && !hasTargets) {
            try stack.prepare(layer: layer)
            try stack.forward(layer: layer)
        }
        return hasHead && hasTargets ? stack.loss : 0
    }

    /// Runs the layers backward and adds their gradients to those of the micro-batches before.
    package func backward(slot: Int = 0, isFirst: Bool, isLast: Bool) throws {
        stack.select(slot: slot)
        for layer in layers.reversed() {
            if layer == model.blockCount + 1, !hasTargets {
                // No loss, so no gradient. The block below is run all the same: its adapters' gradients must be zero.
                stack.gradient(after: layer - 1)?.update(repeating: 0)
                continue
            }
            try stack.prepare(layer: layer)
            try stack.backward(layer: layer)
            try stack.accumulateGradients(layer: layer, isFirst: isFirst, isLast: isLast)
        }
    }

    /// Squared gradient norms of the blocks, in order.
    package func squaredNorms() -> [Double] { (blocks.map(Array.init) ?? []).map(stack.squaredGradientNorm) }

    /// One optimizer step.
    ///
    /// - Parameters:
    ///   - factor: of the gradients, by ``GradientClipping``.
    ///   - step: optimizer steps before it.
    package func update(factor: Float, step: Int) throws {
        guard let blocks else { return }
        stack.optimizer = settings.optimizer(step: step)
        for layer in blocks {
            stack.scaleGradients(layer: layer, by: factor)
            try stack.update(layer: layer)
        }
    }

    /// Sets the pairs and moments of the blocks.
    ///
    /// - Parameters:
    ///   - states: one for each block of ``layers``, in order.
    ///   - step: optimizer steps that they have had.
    package func load(_ states: [AdapterState], step: Int) throws {
        guard let blocks else { return }
        for (layer, state) in zip(blocks, states) {
            try stack.setAdapterState(state, layer: layer, updateCount: step)
        }
    }

    /// The pairs and moments of the blocks, in order.
    package func adapterStates() -> [AdapterState] { (blocks.map(Array.init) ?? []).map(stack.adapterState) }

    private var hasTargets: Bool { stack.targets.contains { $0 >= 0 } }
}
