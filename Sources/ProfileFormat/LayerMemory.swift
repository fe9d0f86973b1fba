/// Bytes that a side of a split needs for one of its layers, at the workload's batch and sequence.
///
/// All but scratch add up over a side's layers. Blocks share one scratch memory, the head has its own; and a tied model
/// may have one matrix for embedding and head, which is counted with both.
public struct LayerMemory: Codable, Sendable, Hashable {
    /// Frozen weights as the engine lays them out.
    public var weightBytes: Int
    /// LoRA pairs and their gradients.
    public var adapterBytes: Int
    /// AdamW's two moments.
    public var optimizerBytes: Int
    /// The layer's output and its gradient, and what its forward pass keeps for its backward pass.
    public var activationBytes: Int
    /// Memory that is free again after the layer's pass.
    public var scratchBytes: Int

    public init(
        weightBytes: Int, adapterBytes: Int, optimizerBytes: Int, activationBytes: Int, scratchBytes: Int
    ) {
        self.weightBytes = weightBytes
        self.adapterBytes = adapterBytes
        self.optimizerBytes = optimizerBytes
        self.activationBytes = activationBytes
        self.scratchBytes = scratchBytes
    }
}
