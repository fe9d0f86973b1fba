public import ModelFiles

/// One LoRA pair and its gradients: views into the stack's memory, which is valid as long as the stack lives.
///
/// Writing to `a` or `b` sets the adapter.
public struct Adapter {
    public let projection: Projection
    public let rank: Int
    public let inputSize: Int
    public let outputSize: Int
    /// `[rank, inputSize]`
    public let a: UnsafeMutableBufferPointer<Float>
    /// `[outputSize, rank]`
    public let b: UnsafeMutableBufferPointer<Float>
    /// Shape of `a`; what the last backward pass of the layer gave.
    public let gradientA: UnsafeMutableBufferPointer<Float>
    /// Shape of `b`.
    public let gradientB: UnsafeMutableBufferPointer<Float>
}
