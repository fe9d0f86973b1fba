/// Bytes that a stack holds, by what they are for.
public struct MemoryUse: Sendable, Hashable {
    /// Frozen weights that are in memory at once.
    public var weights: Int
    /// LoRA pairs and their gradients.
    public var adapters: Int
    /// AdamW's two moments.
    public var optimiser: Int
    /// Every layer's output, and what forward passes keep for backward passes.
    public var activations: Int
    /// The gradient of every layer's output.
    public var gradients: Int
    /// Memory that holds nothing between layers.
    public var scratch: Int

    public init(weights: Int, adapters: Int, optimiser: Int, activations: Int, gradients: Int, scratch: Int) {
        self.weights = weights
        self.adapters = adapters
        self.optimiser = optimiser
        self.activations = activations
        self.gradients = gradients
        self.scratch = scratch
    }

    public var total: Int { weights + adapters + optimiser + activations + gradients + scratch }
}
