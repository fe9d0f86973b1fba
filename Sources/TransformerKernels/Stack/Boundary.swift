import Workload

/// What passes between two layers. Every boundary has its own, so that a layer's forward or backward pass run alone
/// writes nothing that another layer reads but its own result.
struct Boundary {
    /// Output of the layer before it, input of the layer after it: `[tokens, hiddenSize]`.
    let activation: AlignedBuffer
    /// The loss's gradient by that.
    let gradient: AlignedBuffer

    init(_ batch: BatchShape, hiddenSize: Int, memory: BufferAllocator) throws {
        activation = try memory.buffer(batch.tokenCount, hiddenSize, for: "activations")
        gradient = try memory.buffer(batch.tokenCount, hiddenSize, for: "gradients")
    }
}
