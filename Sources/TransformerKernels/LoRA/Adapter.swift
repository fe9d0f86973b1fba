import ModelFiles

/// One LoRA pair and its gradients: views into the stack's memory, which is valid as long as the stack lives.
///
/// Writing to `a` or `b` sets the adapter.
package struct Adapter {
    package let projection: Projection
    package let rank: Int
    package let inputSize: Int
    package let outputSize: Int
    /// `[rank, inputSize]`
    package let a: UnsafeMutableBufferPointer<Float>
    /// `[outputSize, rank]`
    package let b: UnsafeMutableBufferPointer<Float>
    /// Shape of `a`; what the last backward pass of the layer gave.
    package let gradientA: UnsafeMutableBufferPointer<Float>
    /// Shape of `b`.
    package let gradientB: UnsafeMutableBufferPointer<Float>
}
