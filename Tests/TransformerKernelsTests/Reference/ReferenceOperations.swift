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

    /// Radians a position for pair i, as Hugging Face's `modeling_rope_utils` defines them.
    static func angularFrequency(_ rope: RotaryEmbedding, pair: Int, headSize: Int) -> Double {
        let plain = 1 / pow(rope.theta, Double(2 * pair) / Double(headSize))
        switch rope.scaling {
        case nil: return plain
        case .linear(let factor): return plain / factor
        case .perFrequency(let divisors): return plain / Double(divisors[pair])
        case .llama3(let factor, let low, let high, let original):
            let turns = Double(original) * plain / (2 * Double.pi)
            if turns < low { return plain / factor }
            if turns > high { return plain }
            let smooth = (turns - low) / (high - low)
            return plain * ((1 - smooth) / factor + smooth)
        }
    }

    /// `[tokens, heads * headSize]`, positions counting from 0 every `sequence` tokens.
    static func rotate(_ x: [Double], heads: Int, headSize: Int, sequence: Int, rope: RotaryEmbedding) -> [Double] {
        var y = x
        let width = heads * headSize
        for token in 0..<x.count / width {
            for head in 0..<heads {
                for pair in 0..<headSize / 2 {
                    let angle =
                        Double(token % sequence) * angularFrequency(rope, pair: pair, headSize: headSize)
                    let first = token * width + head * headSize + pair
                    let second = first + headSize / 2
                    y[first] = x[first] * cos(angle) - x[second] * sin(angle)
                    y[second] = x[second] * cos(angle) + x[first] * sin(angle)
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

    /// Causal attention; query head h uses the keys and values of head h / (heads / keyValueHeads).
    static func attention(_ q: [Double], _ k: [Double], _ v: [Double], _ model: ModelConfig, sequence: Int) -> [Double]
    {
        let (wide, narrow, size) = (model.querySize, model.keyValueSize, model.headSize)
        var y = [Double](repeating: 0, count: q.count)
        for start in stride(from: 0, to: q.count / wide, by: sequence) {
            for head in 0..<model.headCount {
                let keyHead = head * model.keyValueHeadCount / model.headCount
                for i in 0..<sequence {
                    let query = (start + i) * wide + head * size
                    let scores = (0...i).map { j in
                        let key = (start + j) * narrow + keyHead * size
                        return (0..<size).reduce(0) { $0 + q[query + $1] * k[key + $1] } / sqrt(Double(size))
                    }
                    for (j, probability) in softmax(scores).enumerated() {
                        let key = (start + j) * narrow + keyHead * size
                        for e in 0..<size { y[query + e] += probability * v[key + e] }
                    }
                }
            }
        }
        return y
    }

    /// The same, with the gradients of the dot product of the output and `outGradient`: dV = Pᵀ dO, dP = dO Vᵀ,
    /// dS = P (dP - sum(P dP)) for each row.
    static func attentionWithGradients(
        _ q: [Double], _ k: [Double], _ v: [Double], outGradient: [Double], _ model: ModelConfig, sequence: Int
    ) -> (out: [Double], q: [Double], k: [Double], v: [Double]) {
        let (wide, narrow, size) = (model.querySize, model.keyValueSize, model.headSize)
        let scale = 1 / sqrt(Double(size))
        let none = [Double](repeating: 0, count: k.count)
        var (out, dq, dk, dv) = (q.map { _ in 0.0 }, q.map { _ in 0.0 }, none, none)
        for start in stride(from: 0, to: q.count / wide, by: sequence) {
            for head in 0..<model.headCount {
                let keyHead = head * model.keyValueHeadCount / model.headCount
                for i in 0..<sequence {
                    let query = (start + i) * wide + head * size
                    let keys = (0...i).map { (start + $0) * narrow + keyHead * size }
                    let p = softmax(
                        keys.map { key in scale * (0..<size).reduce(0) { $0 + q[query + $1] * k[key + $1] } })
                    let dp = keys.map { key in (0..<size).reduce(0) { $0 + outGradient[query + $1] * v[key + $1] } }
                    let mean = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
                    for (j, key) in keys.enumerated() {
                        let ds = scale * p[j] * (dp[j] - mean)
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
