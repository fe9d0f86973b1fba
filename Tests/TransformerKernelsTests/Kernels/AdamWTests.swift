import CKernels
import Testing

@testable import TransformerKernels

extension KernelTests {
    @Suite struct Optimizer {
        @Test func firstStepByHand() {
            // m = 0.1 g and v = 0.001 g^2, corrected to g and g^2: the step is the learning rate, with g's sign.
            var parameter: [Float] = [1, -2]
            var first: [Float] = [0, 0]
            var second: [Float] = [0, 0]
            let step = AdamW(learningRate: 0.5, weightDecay: 0.1).step(1)
            kerf_adamw_step(1, 2, step, [3, -0.01], &parameter, &first, &second)
            // 1 (1 - 0.05) - 0.5; -2 (1 - 0.05) + 0.5
            expectClose(parameter, [0.45, -1.4], relative: 1e-6)
            expectClose(first, [0.3, -0.001], relative: 1e-6)
            expectClose(second, [0.009, 1e-7], relative: 1e-6)
        }

        @Test func severalStepsFollowTheFormulaInDouble() {
            let count = 37
            let optimizer = AdamW(learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.2)
            var parameter = randomValues(count, seed: 1)
            var first = [Float](repeating: 0, count: count)
            var second = first
            var p = doubles(parameter)
            var m = [Double](repeating: 0, count: count)
            var v = m
            var (power1, power2) = (1.0, 1.0)
            for time in 1...12 {
                let gradient = randomValues(count, seed: UInt64(100 + time))
                kerf_adamw_step(2, count, optimizer.step(time), gradient, &parameter, &first, &second)
                power1 *= 0.8
                power2 *= 0.95
                for i in 0..<count {
                    let g = Double(gradient[i])
                    p[i] -= 0.02 * 0.2 * p[i]
                    m[i] = 0.8 * m[i] + 0.2 * g
                    v[i] = 0.95 * v[i] + 0.05 * g * g
                    p[i] -= 0.02 * (m[i] / (1 - power1)) / ((v[i] / (1 - power2)).squareRoot() + 1e-6)
                }
            }
            expectClose(parameter, p, relative: 2e-6)
        }

        @Test func defaultsArePyTorchs() {
            let optimizer = AdamW()
            #expect(
                optimizer
                    == AdamW(
                        learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01))
        }
    }
}
