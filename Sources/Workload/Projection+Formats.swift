import ModelFiles

extension Projection {
    /// Formats of the products' results: what goes on or into the residual stream is f32, what feeds another product
    /// has the format that it is multiplied in.
    package func output(_ format: NumberFormat) -> (forward: NumberFormat, backward: NumberFormat) {
        switch self {
        case .q, .k, .v, .gate, .up: (format, .f32)
        case .o, .down: (.f32, format)
        }
    }
}
