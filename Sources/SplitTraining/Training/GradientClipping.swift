import Glibc

/// Clipping by the global norm, as PyTorch's `clip_grad_norm_` does: gradients are multiplied by
/// maximum / (norm + 1e-6) where that is less than 1.
package enum GradientClipping {
    /// The factor of all gradients.
    ///
    /// - Parameters:
    ///   - squaredNorms: of each layer, in the model's order, so that every side adds in the same order.
    ///   - maximum: nil for no clipping.
    package static func factor(squaredNorms: [Double], maximum: Double?) -> Float {
        guard let maximum else { return 1 }
        let norm = squaredNorms.reduce(0, +).squareRoot()
        return Float(min(1, maximum / (norm + 1e-6)))
    }
}
