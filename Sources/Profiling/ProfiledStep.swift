import TransformerKernels
import Workload

/// A training step that can be run layer by layer: what an experiment measures.
///
/// Layers are numbered 0 the embedding, 1...L the blocks, L + 1 the head. One step is every layer forward in order,
/// then every layer backward in reverse, each block's AdamW at the end of its backward.
package protocol ProfiledStep: AnyObject {
    /// L + 2.
    var layerCount: Int { get }
    var timeline: KernelTimeline { get }

    /// Whether running the layer now would need its weights loaded first.
    func needsPreparation(layer: Int) -> Bool
    /// Makes the layer's weights resident. Kept out of every window: a deployed side of a split has its weights
    /// loaded.
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
}
