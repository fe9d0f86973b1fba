import Foundation
import ModelFiles

/// Plain loops in double, written from the formulas: nothing here is shared with what it checks.
enum Reference {
    /// x Wᵀ: `[rows, inputs]` by `[outputs, inputs]`.
    static func linear(_ x: [Double], _ weight: [Double], inputs: Int) -> [Double] {
        let rows = x.count / inputs
        let outputs = weight.count / inputs
        var y = [Double](repeating: 0, count: rows * outputs)
        x.withUnsafeBufferPointer { x in
            weight.withUnsafeBufferPointer { weight in
                for row in 0..<rows {
                    for output in 0..<outputs {
                        var sum = 0.0
                        var i = 0
                        while i < inputs {
                            sum += x[row * inputs + i] * weight[output * inputs + i]
                            i += 1
                        }
                        y[row * outputs + output] = sum
                    }
                }
            }
        }
        return y
    }

    static func rmsNorm(_ x: [Double], weight: [Double], epsilon: Double) -> [Double] {
        let width = weight.count
        var y = x
        for row in 0..<x.count / width {
            let values = x[row * width..<(row + 1) * width]
            let meanSquare = values.reduce(0) { $0 + $1 * $1 } / Double(width)
            for i in 0..<width { y[row * width + i] = x[row * width + i] / sqrt(meanSquare + epsilon) * weight[i] }
        }
        return y
    }

    static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

    static func swiglu(gate: [Double], up: [Double]) -> [Double] { zip(gate, up).map { silu($0) * $1 } }

    /// GELU with its approximation by tanh (PyTorch's `gelu(approximate="tanh")`).
    static func gelu(_ x: Double) -> Double { x / 2 * (1 + tanh(sqrt(2 / Double.pi) * (x + 0.044715 * x * x * x))) }

    static func geglu(gate: [Double], up: [Double]) -> [Double] { zip(gate, up).map { gelu($0) * $1 } }

    /// c tanh(x / c); x where there is no cap.
    static func softCap(_ x: Double, _ cap: Double?) -> Double { cap.map { $0 * tanh(x / $0) } ?? x }

    /// Radians a position for pair i, as Hugging Face's `modeling_rope_utils` defines them.
    static func angularFrequency(
        _ rope: RotaryEmbedding, pair: Int, rotarySize: Int, sequence: Int
    ) -> Double {
        let plain = 1 / pow(rope.theta, Double(2 * pair) / Double(rotarySize))
        switch rope.scaling {
        case nil: return plain
        case .linear(let factor): return plain / factor
        case .perFrequency(let divisors): return plain / Double(divisors[pair])
        case .longRope(let rope):
            return plain / Double(sequence > rope.originalContextLength ? rope.long[pair] : rope.short[pair])
        case .llama3(let factor, let low, let high, let original):
            let turns = Double(original) * plain / (2 * Double.pi)
            if turns < low { return plain / factor }
            if turns > high { return plain }
            let smooth = (turns - low) / (high - low)
            return plain * ((1 - smooth) / factor + smooth)
        }
    }

    /// `[tokens, heads * headSize]`, positions counting from 0 every `sequence` tokens. Elements of a head from
    /// `rotarySize` on stay.
    static func rotate(
        _ x: [Double], heads: Int, headSize: Int, rotarySize: Int? = nil, sequence: Int, rope: RotaryEmbedding
    ) -> [Double] {
        var y = x
        let rotarySize = rotarySize ?? headSize
        var amplitude = 1.0
        if case .longRope(let rope) = rope.scaling { amplitude = rope.attentionFactor }
        let width = heads * headSize
        for token in 0..<x.count / width {
            for head in 0..<heads {
                for pair in 0..<rotarySize / 2 {
                    let angle =
                        Double(token % sequence)
                        * angularFrequency(
                            rope, pair: pair, rotarySize: rotarySize, sequence: sequence)
                    let first = token * width + head * headSize + pair
                    let second = first + rotarySize / 2
                    y[first] = amplitude * (x[first] * cos(angle) - x[second] * sin(angle))
                    y[second] = amplitude * (x[second] * cos(angle) + x[first] * sin(angle))
                }
            }
        }
        return y
    }

    static func softmax(_ scores: [Double]) -> [Double] {
        let exponentials = scores.map { exp($0 - (scores.max() ?? 0)) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }

    /// Causal attention; query head h uses the keys and values of head h / (heads / keyValueHeads). With a window a token
    /// sees itself and the `window` - 1 tokens before.
    static func attention(
        _ q: [Double], _ k: [Double], _ v: [Double], _ model: ModelConfig, window: Int? = nil, sequence: Int
    ) -> [Double] {
        let (wide, narrow, size) = (model.querySize, model.keyValueSize, model.headSize)
        let scale = model.variant.attentionScale ?? 1 / sqrt(Double(size))
        var y = [Double](repeating: 0, count: q.count)
        for start in stride(from: 0, to: q.count / wide, by: sequence) {
            for head in 0..<model.headCount {
                let keyHead = head * model.keyValueHeadCount / model.headCount
                for i in 0..<sequence {
                    let query = (start + i) * wide + head * size
                    let seen = (0...i).filter { window == nil || i - $0 < window! }
                    let scores = seen.map { j in
                        let key = (start + j) * narrow + keyHead * size
                        let product = (0..<size).reduce(0) { $0 + q[query + $1] * k[key + $1] }
                        return softCap(scale * product, model.variant.attentionSoftCap)
                    }
                    for (j, probability) in zip(seen, softmax(scores)) {
                        let key = (start + j) * narrow + keyHead * size
                        for e in 0..<size { y[query + e] += probability * v[key + e] }
                    }
                }
            }
        }
        return y
    }

    /// The same, with the gradients of the dot product of the output and `outGradient`: dV = Pᵀ dO, dP = dO Vᵀ,
    /// dS = P (dP - sum(P dP)) for each row; the slope of a soft cap is 1 - (S / c)².
    static func attentionWithGradients(
        _ q: [Double], _ k: [Double], _ v: [Double], outGradient: [Double], _ model: ModelConfig, window: Int? = nil,
        sequence: Int
    ) -> (out: [Double], q: [Double], k: [Double], v: [Double]) {
        let (wide, narrow, size) = (model.querySize, model.keyValueSize, model.headSize)
        let scale = model.variant.attentionScale ?? 1 / sqrt(Double(size))
        let cap = model.variant.attentionSoftCap
        let none = [Double](repeating: 0, count: k.count)
        var (out, dq, dk, dv) = (q.map { _ in 0.0 }, q.map { _ in 0.0 }, none, none)
        for start in stride(from: 0, to: q.count / wide, by: sequence) {
            for head in 0..<model.headCount {
                let keyHead = head * model.keyValueHeadCount / model.headCount
                for i in 0..<sequence {
                    let query = (start + i) * wide + head * size
                    let seen = (0...i).filter { window == nil || i - $0 < window! }
                    let keys = seen.map { (start + $0) * narrow + keyHead * size }
                    let scores = keys.map { key in
                        softCap(scale * (0..<size).reduce(0) { $0 + q[query + $1] * k[key + $1] }, cap)
                    }
                    let p = softmax(scores)
                    let dp = keys.map { key in (0..<size).reduce(0) { $0 + outGradient[query + $1] * v[key + $1] } }
                    let mean = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
                    for (j, key) in keys.enumerated() {
                        let slope = cap.map { 1 - (scores[j] / $0) * (scores[j] / $0) } ?? 1
                        let ds = scale * p[j] * (dp[j] - mean) * slope
                        for e in 0..<size {
                            out[query + e] += p[j] * v[key + e]
                            dv[key + e] += p[j] * outGradient[query + e]
                            dq[query + e] += ds * k[key + e]
                            dk[key + e] += ds * q[query + e]
                        }
                    }
                }
            }
        }
        return (out, dq, dk, dv)
    }

    /// The mean of -log softmax(logits)[target] over the rows with a target.
    static func crossEntropy(_ logits: [Double], targets: [Int32]) -> Double {
        let width = logits.count / targets.count
        var sum = 0.0
        var count = 0
        for (row, target) in targets.enumerated() where target >= 0 {
            sum -= log(softmax(Array(logits[row * width..<(row + 1) * width]))[Int(target)])
            count += 1
        }
        return sum / Double(count)
    }
}
