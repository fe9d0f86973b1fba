import ModelFiles
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    /// Every layer's outputs and gradients against the reference in double and its central differences.
    @Suite struct Gradients {
        @Test(arguments: Tiny.configurations)
        func blockForwardAndBackward(tiny: Tiny) throws {
            let stack = try tiny.stack(layers: 1...1)
            let reference = ReferenceModel(tiny.weights, stack: stack)
            let count = tiny.batch.tokenCount * tiny.model.hiddenSize
            let input = randomValues(count, seed: 21)
            let outputGradient = randomValues(count, seed: 22)
            _ = try #require(stack.input).update(fromContentsOf: input)
            _ = try #require(stack.outputGradient).update(fromContentsOf: outputGradient)
            try stack.forward()
            try stack.backward()

            let block = reference.blocks[0]
            // A variant has up to twice as many steps that round.
            let more = tiny.model.variant == ModelVariant() ? 1.0 : 2
            expectClose(
                try #require(stack.output), reference.run(block, doubles(input)), relative: more * 1e-6, "output")
            let byInput = centralDifferences(at: doubles(input)) {
                dot(reference.run(block, $0), doubles(outputGradient))
            }
            expectClose(try #require(stack.inputGradient), byInput, relative: more * 1e-5, "input")
            for target in tiny.lora.targets {
                let adapter = try #require(stack.adapter(layer: 1, projection: target))
                func loss(_ change: (inout ReferenceModel.Block) -> Void) -> Double {
                    var changed = block
                    change(&changed)
                    return dot(reference.run(changed, doubles(input)), doubles(outputGradient))
                }
                let byA = centralDifferences(at: doubles(adapter.a)) { a in loss { $0.a[target] = a } }
                let byB = centralDifferences(at: doubles(adapter.b)) { b in loss { $0.b[target] = b } }
                expectClose(adapter.gradientA, byA, relative: more * 1e-5, "\(target) A")
                expectClose(adapter.gradientB, byB, relative: more * 1e-5, "\(target) B")
            }
        }

        @Test(arguments: [true, false], [ModelVariant(), ModelVariant(logitSoftCap: 2)])
        func headForwardAndBackward(tied: Bool, variant: ModelVariant) throws {
            let tiny = Tiny("head", tied: tied, variant: variant)
            let stack = try tiny.stack(layers: 2...2)
            let reference = ReferenceModel(tiny.weights, stack: stack)
            let input = randomValues(tiny.batch.tokenCount * tiny.model.hiddenSize, seed: 23)
            _ = try #require(stack.input).update(fromContentsOf: input)
            try stack.forward()
            try stack.backward()
            let loss = { reference.headLoss($0, targets: tiny.targets) }
            #expect(abs(stack.loss / loss(doubles(input)) - 1) < 1e-6)
            expectClose(
                try #require(stack.inputGradient), centralDifferences(at: doubles(input), loss), relative: 1e-5)
        }

        @Test func scaledEmbeddingIsTheTokensRowsTimesTheScale() throws {
            let tiny = Tiny("embedding", variant: ModelVariant(embeddingScale: 3))
            let stack = try tiny.stack(layers: 0...0)
            for _ in 0..<2 { try stack.forward() }
            expectClose(
                try #require(stack.output), ReferenceModel(tiny.weights, stack: stack).embed(tiny.tokens),
                relative: 1e-7)
        }

        @Test func embeddingIsTheTokensRows() throws {
            let tiny = Tiny("embedding")
            let stack = try tiny.stack(layers: 0...0)
            try stack.forward()
            try stack.backward()
            #expect(
                doubles(try #require(stack.output)) == ReferenceModel(tiny.weights, stack: stack).embed(tiny.tokens))
        }

        static let models = [
            Tiny("two blocks, tied", blocks: 2, tied: true, sequence: 4),
            Tiny("two blocks", blocks: 2, tied: false, sequence: 4),
            Tiny("two blocks of Gemma 2", blocks: 2, sequence: 5, variant: Tiny.gemma2),
            Tiny("two blocks of Gemma 3", blocks: 2, sequence: 5, variant: Tiny.gemma3),
            Tiny("two blocks of Qwen2", blocks: 2, sequence: 4, variant: ModelVariant(attentionBiases: true)),
        ]

        @Test(arguments: models)
        func wholeModel(tiny: Tiny) throws {
            let stack = try tiny.stack()
            let reference = ReferenceModel(tiny.weights, stack: stack)
            try stack.forward()
            try stack.backward()
            #expect(abs(stack.loss / reference.loss(tokens: tiny.tokens, targets: tiny.targets) - 1) < 1e-6)
            for layer in 1...2 {
                for target in Projection.allCases {
                    let adapter = try #require(stack.adapter(layer: layer, projection: target))
                    func loss(_ change: (inout ReferenceModel.Block) -> Void) -> Double {
                        var changed = reference
                        change(&changed.blocks[layer - 1])
                        return changed.loss(tokens: tiny.tokens, targets: tiny.targets)
                    }
                    let byA = centralDifferences(at: doubles(adapter.a)) { a in loss { $0.a[target] = a } }
                    let byB = centralDifferences(at: doubles(adapter.b)) { b in loss { $0.b[target] = b } }
                    expectClose(adapter.gradientA, byA, relative: 1e-4, "layer \(layer), \(target) A")
                    expectClose(adapter.gradientB, byB, relative: 1e-4, "layer \(layer), \(target) B")
                }
            }
        }
    }
}
