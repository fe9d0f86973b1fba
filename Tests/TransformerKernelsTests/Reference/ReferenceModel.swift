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
        var attentionNorm: [Double]
        var mlpNorm: [Double]
        /// By the projection's place in `allCases`.
        var weights: [[Double]]
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
            var block = Block(
                attentionNorm: doubles(source.values(.attentionNorm(block: index))),
                mlpNorm: doubles(source.values(.mlpNorm(block: index))),
                weights: Projection.allCases.map { doubles(source.values(.projection($0, block: index))) })
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
        guard let a = block.a[projection], let b = block.b[projection] else { return y }
        let low = Reference.linear(Reference.linear(x, a, inputs: inputs), b, inputs: lora.rank)
        for i in y.indices { y[i] += lora.alpha / Double(lora.rank) * low[i] }
        return y
    }

    func run(_ block: Block, _ x: [Double]) -> [Double] {
        let normed = Reference.rmsNorm(x, weight: block.attentionNorm, epsilon: model.rmsNormEpsilon)
        func rotated(_ y: [Double], heads: Int) -> [Double] {
            Reference.rotate(y, heads: heads, headSize: model.headSize, sequence: sequence, rope: model.rope)
        }
        let attended = Reference.attention(
            rotated(project(.q, block, normed), heads: model.headCount),
            rotated(project(.k, block, normed), heads: model.keyValueHeadCount), project(.v, block, normed), model,
            sequence: sequence)
        let middle = zip(x, project(.o, block, attended)).map(+)
        let normedMiddle = Reference.rmsNorm(middle, weight: block.mlpNorm, epsilon: model.rmsNormEpsilon)
        let mlp = Reference.swiglu(gate: project(.gate, block, normedMiddle), up: project(.up, block, normedMiddle))
        return zip(middle, project(.down, block, mlp)).map(+)
    }

    func embed(_ tokens: [Int32]) -> [Double] {
        tokens.flatMap { embedding[Int($0) * model.hiddenSize..<(Int($0) + 1) * model.hiddenSize] }
    }

    func headLoss(_ x: [Double], targets: [Int32]) -> Double {
        let normed = Reference.rmsNorm(x, weight: finalNorm, epsilon: model.rmsNormEpsilon)
        return Reference.crossEntropy(
            Reference.linear(normed, headMatrix, inputs: model.hiddenSize), targets: targets)
    }

    func loss(tokens: [Int32], targets: [Int32]) -> Double {
        headLoss(blocks.reduce(embed(tokens)) { run($1, $0) }, targets: targets)
    }
}
