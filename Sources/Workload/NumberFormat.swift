/// How the elements of weights and wide activations are stored and multiplied.
///
/// Whatever the format, the residual stream and its gradient, adapters, their gradients, the optimizer's state, logits
/// and all sums are f32.
public enum NumberFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case f32
    /// The upper half of f32 (8 bits of exponent, 8 of mantissa with the hidden one), rounded to nearest even.
    case bf16

    /// Bytes of one element.
    public var byteCount: Int { self == .bf16 ? 2 : 4 }
}
