import CKernels
import Glibc

/// AdamW with decoupled weight decay (Loshchilov and Hutter, ICLR 2019), by PyTorch's formula and with its defaults.
package struct AdamW: Sendable, Hashable {
    package var learningRate: Double
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double
    package var weightDecay: Double

    package init(
        learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0.01
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// The factors of step `count`, from 1. Bias corrections are computed in double.
    func step(_ count: Int) -> kerf_adamw {
        kerf_adamw(
            decay: Float(1 - learningRate * weightDecay),
            step_size: Float(learningRate / (1 - pow(beta1, Double(count)))),
            beta1: Float(beta1), beta2: Float(beta2), complement1: Float(1 - beta1), complement2: Float(1 - beta2),
            root_second_correction: Float(1 / (1 - pow(beta2, Double(count))).squareRoot()),
            epsilon: Float(epsilon))
    }
}
