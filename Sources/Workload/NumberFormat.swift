import ModelFiles

/// Format in which weights and most activations are stored and multiplied.
///
/// The residual stream and its gradient, adapters and their gradients, the optimizer's state, logits and all sums are
/// f32 in every format.
public enum NumberFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case f32
    /// The upper half of f32 (8 bits of exponent, 8 of mantissa with the hidden one), rounded to nearest even.
    case bf16

    /// Bytes of one element.
    public var byteCount: Int { self == .bf16 ? 2 : 4 }
}

extension Projection {
    /// Formats of the products' results. What is added to the residual stream or to its gradient is f32; what is the
    /// input of another product has that product's format.
    package func output(_ format: NumberFormat) -> (forward: NumberFormat, backward: NumberFormat) {
        switch self {
        case .q, .k, .v, .gate, .up: (format, .f32)
        case .o, .down: (.f32, format)
        }
    }
}
