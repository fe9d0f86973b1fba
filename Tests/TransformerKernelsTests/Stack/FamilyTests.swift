import FoundationEssentials
import ModelFiles
import SystemPackage
import TestSupport
import Testing
import Workload

@testable import TransformerKernels

/// `Golden/families.json`: what transformers' modules of each family, PEFT's LoRA and PyTorch's autograd gave in double.
struct FamilyGolden: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        var name: String
        /// As transformers saves it.
        var config: String
        var rank: Int
        var targets: [Projection]
        var batch: Int
        var sequence: Int
        var loss: Double
        var gradients: [GoldenGradient]

        var testDescription: String { name }
    }
    var cases: [Case]

    static let cases = (try? JSONDecoder().decode(FamilyGolden.self, from: goldenData("families.json")).cases) ?? []
}

extension KernelTests {
    @Suite struct Families {
        @Test func fixtureIsThere() { #expect(FamilyGolden.cases.count == 9) }

        @Test(arguments: FamilyGolden.cases)
        func lossAndGradientsAreAutograds(golden: FamilyGolden.Case) throws {
            let stack = try stack(golden, .f32)
            try stack.forward()
            try stack.backward()
            #expect(abs(stack.loss / golden.loss - 1) < 1e-5, "\(stack.loss), \(golden.loss)")
            #expect(golden.gradients.count == golden.targets.count * stack.model.blockCount)
            for gradient in golden.gradients { try gradient.expect(in: stack, relative: 2e-4) }
        }

        /// PyTorch in bf16 differs from double by 0.3 % at most on these models.
        @Test(
            .enabled(if: computesBF16, "the engine computes no bf16 on this processor"), arguments: FamilyGolden.cases)
        func lossInBF16IsNear(golden: FamilyGolden.Case) throws {
            let stack = try stack(golden, .bf16)
            try stack.forward()
            #expect(abs(stack.loss / golden.loss - 1) < 0.02, "\(stack.loss), \(golden.loss)")
        }

        @Test(arguments: FamilyGolden.cases)
        func checkpointingGivesTheSameBits(golden: FamilyGolden.Case) throws {
            let bits = try [false, true].map { activationCheckpointing in
                let stack = try stack(golden, .f32, activationCheckpointing: activationCheckpointing)
                try stack.forward()
                try stack.backward()
                return StepBits(stack)
            }
            #expect(bits[0] == bits[1])
        }

        private func stack(
            _ golden: FamilyGolden.Case, _ format: NumberFormat, activationCheckpointing: Bool = false
        ) throws -> LayerStack {
            let tree = try FixtureTree()
            try tree.write("config.json", golden.config)
            let model = try HuggingFaceConfig.model(at: tree.file("config.json"), name: golden.name)
            let source = SeededWeights(config: model, seed: 42, scale: 0.75)
            let stack = try LayerStack(
                model: model, weights: source,
                lora: LoRAConfiguration(rank: golden.rank, alpha: 3, targets: golden.targets),
                batch: BatchShape(batch: golden.batch, sequence: golden.sequence), layers: 0...model.blockCount + 1,
                engine: MatrixEngines.default(for: format, threadCount: 2), format: format, residency: .resident,
                activationCheckpointing: activationCheckpointing, seed: 0, timeline: KernelTimeline())
            for layer in 1...model.blockCount {
                for (place, target) in golden.targets.enumerated() {
                    let adapter = try #require(stack.adapter(layer: layer, projection: target))
                    for (letter, matrix) in [adapter.a, adapter.b].enumerated() {
                        source.fill(matrix, index: 400 + 100 * layer + 2 * place + letter)
                    }
                }
            }
            let count = golden.batch * golden.sequence
            try stack.setTokens(Tiny.tokens(count, vocabulary: 37), targets: Tiny.targets(count, vocabulary: 37))
            return stack
        }
    }
}
