import ModelFiles
import Workload

@testable import TransformerKernels

/// A whole model in double, with LoRA: see ``Reference``.
struct ReferenceModel {
    var model: ModelConfig
    var lora: LoRAConfiguration
    var sequence: Int
    var embedding: [Double]
    var headMatrix: [Double]
    var finalNorm: [Double]
    var blocks: [Block]

    struct Block {
        /// The block, counted from 0.
        var number: Int
        var attentionNorm: [Double]
        var mlpNorm: [Double]
        /// By the projection's place in `allCases`.
        var weights: [[Double]]
        /// Vectors that only some models have, by their role in block 0.
        var vectors: [TensorRole: [Double]]
        var a: [Projection: [Double]] = [:]
        var b: [Projection: [Double]] = [:]
    }

    /// The same weights and adapters as a stack's.
    init(_ source: SeededWeights, stack: LayerStack) {
        model = source.config
        lora = stack.lora
        sequence = stack.batch.sequence
        embedding = doubles(source.values(.embedding))
        headMatrix = model.tiedEmbeddings ? embedding : doubles(source.values(.lmHead))
        finalNorm = doubles(source.values(.finalNorm))
        blocks = (0..<source.config.blockCount).map { index in
            let roles = zip(source.config.vectors(block: 0), source.config.vectors(block: index))
            var block = Block(
                number: index, attentionNorm: doubles(source.values(.attentionNorm(block: index))),
                mlpNorm: doubles(source.values(.mlpNorm(block: index))),
                weights: Projection.allCases.map { doubles(source.values(.projection($0, block: index))) },
                vectors: Dictionary(uniqueKeysWithValues: roles.map { ($0, doubles(source.values($1))) }))
            for target in stack.lora.targets {
                guard let adapter = stack.adapter(layer: index + 1, projection: target) else { continue }
                block.a[target] = doubles(adapter.a)
                block.b[target] = doubles(adapter.b)
            }
            return block
        }
    }

    func project(_ projection: Projection, _ block: Block, _ x: [Double]) -> [Double] {
        let inputs = model.shape(of: projection).columns
        let index = Projection.allCases.firstIndex(of: projection) ?? 0
        var y = Reference.linear(x, block.weights[index], inputs: inputs)
        if let bias = block.vectors[.bias(projection, block: 0)] {
            for i in y.indices { y[i] += bias[i % bias.count] }
        }
        guard let a = block.a[projection], let b = block.b[projection] else { return y }
        let low = Reference.linear(Reference.linear(x, a, inputs: inputs), b, inputs: lora.rank)
        for i in y.indices { y[i] += lora.alpha / Double(lora.rank) * low[i] }
        return y
    }

    func run(_ block: Block, _ x: [Double]) -> [Double] {
        let window = model.window(block: block.number)
        func norm(_ y: [Double], _ weight: [Double]?) -> [Double] {
            weight.map { Reference.rmsNorm(y, weight: $0, epsilon: model.rmsNormEpsilon) } ?? y
        }
        func rotated(_ y: [Double], heads: Int) -> [Double] {
            Reference.rotate(
                y, heads: heads, headSize: model.headSize, rotarySize: model.rotarySize, sequence: sequence,
                rope: window == nil ? model.rope : model.windowRope ?? model.rope)
        }
        let normed = norm(x, block.attentionNorm)
        // The norm of a head's width takes each head's row by itself.
        let query = norm(project(.q, block, normed), block.vectors[.queryNorm(block: 0)])
        let key = norm(project(.k, block, normed), block.vectors[.keyNorm(block: 0)])
        let attended = Reference.attention(
            rotated(query, heads: model.headCount), rotated(key, heads: model.keyValueHeadCount),
            project(.v, block, normed), model, window: window, sequence: sequence)
        let output = norm(project(.o, block, attended), block.vectors[.postAttentionNorm(block: 0)])
        let middle = zip(x, output).map(+)
        let normedMiddle = norm(middle, block.mlpNorm)
        let (gate, up) = (project(.gate, block, normedMiddle), project(.up, block, normedMiddle))
        let mlp =
            model.variant.activation == .silu
            ? Reference.swiglu(gate: gate, up: up) : Reference.geglu(gate: gate, up: up)
        return zip(middle, norm(project(.down, block, mlp), block.vectors[.postMLPNorm(block: 0)])).map(+)
    }

    func embed(_ tokens: [Int32]) -> [Double] {
        tokens.flatMap { embedding[Int($0) * model.hiddenSize..<(Int($0) + 1) * model.hiddenSize] }
            .map { $0 * (model.variant.embeddingScale ?? 1) }
    }

    func headLoss(_ x: [Double], targets: [Int32]) -> Double {
        let normed = Reference.rmsNorm(x, weight: finalNorm, epsilon: model.rmsNormEpsilon)
        let logits = Reference.linear(normed, headMatrix, inputs: model.hiddenSize)
        return Reference.crossEntropy(
            logits.map { Reference.softCap($0, model.variant.logitSoftCap) }, targets: targets)
    }

    func loss(tokens: [Int32], targets: [Int32]) -> Double {
        headLoss(blocks.reduce(embed(tokens)) { run($1, $0) }, targets: targets)
    }
}
