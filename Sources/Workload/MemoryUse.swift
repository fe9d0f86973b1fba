/// Bytes that a stack holds, by what they are for.
package struct MemoryUse: Sendable, Hashable {
    /// Frozen weights that are in memory at once.
    package var weights: Int
    /// LoRA pairs and their gradients.
    package var adapters: Int
    /// AdamW's two moments.
    package var optimizer: Int
    /// Every layer's output, and what forward passes keep for backward passes.
    package var activations: Int
    /// The gradient of every layer's output.
    package var gradients: Int
    /// Memory that holds nothing between layers.
    package var scratch: Int

    package init(weights: Int, adapters: Int, optimizer: Int, activations: Int, gradients: Int, scratch: Int) {
        self.weights = weights
        self.adapters = adapters
        self.optimizer = optimizer
        self.activations = activations
        self.gradients = gradients
        self.scratch = scratch
    }

    package var total: Int { weights + adapters + optimizer + activations + gradients + scratch }
}
