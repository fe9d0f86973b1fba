import FoundationEssentials
import ModelFiles
import Testing
import Workload

@testable import TransformerKernels

/// The gradients of a LoRA pair.
struct GoldenGradient: Decodable {
    var layer: Int
    var projection: Projection
    var a: [Double]
    var b: [Double]

    func expect(in stack: LayerStack, relative: Double) throws {
        let adapter = try #require(stack.adapter(layer: layer, projection: projection))
        expectClose(adapter.gradientA, a, relative: relative, "layer \(layer), \(projection) A")
        expectClose(adapter.gradientB, b, relative: relative, "layer \(layer), \(projection) B")
    }
}

/// `Golden/tiny-llama.json`: what Hugging Face's Llama, PEFT's LoRA and PyTorch's autograd gave in double.
struct TinyLlamaGolden: Decodable {
    struct Case: Decodable, Sendable, CustomStringConvertible {
        struct Rope: Decodable {
            var ropeType: String
            var ropeTheta: Double
            var factor: Double?
            var lowFreqFactor: Double?
            var highFreqFactor: Double?
            var originalMaxPositionEmbeddings: Int?
        }
        var rope: Rope
        var tied: Bool
        var rank: Int
        var targets: [Projection]
        var batch: Int
        var sequence: Int
        var loss: Double
        var gradients: [GoldenGradient]

        var description: String { "\(rope.ropeType) RoPE, rank \(rank), \(targets.count) targets" }

        var scaling: RotaryEmbedding.Scaling? {
            guard rope.ropeType == "llama3" else { return nil }
            return .llama3(
                factor: rope.factor ?? 0, lowFrequencyFactor: rope.lowFreqFactor ?? 0,
                highFrequencyFactor: rope.highFreqFactor ?? 0,
                originalContextLength: rope.originalMaxPositionEmbeddings ?? 0)
        }
    }
    var cases: [Case]

    static let shared: TinyLlamaGolden? = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(TinyLlamaGolden.self, from: goldenData("tiny-llama.json"))
    }()
}

/// A file beside the scripts that made it.
func goldenData(_ name: String) throws -> Data {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Data(contentsOf: tests.appending(path: "Golden/\(name)"))
}

extension KernelTests {
    @Suite struct Golden {
        @Test func fixtureIsThere() throws {
            #expect(try #require(TinyLlamaGolden.shared).cases.count == 2)
        }

        @Test(arguments: TinyLlamaGolden.shared?.cases ?? [])
        func lossAndGradientsAreAutograds(golden: TinyLlamaGolden.Case) throws {
            let model = ModelConfig(
                name: "tiny", hiddenSize: 20, blockCount: 2, headCount: 4, keyValueHeadCount: 2, headSize: 6,
                intermediateSize: 19, vocabularySize: 37, rmsNormEpsilon: 1e-5,
                rope: RotaryEmbedding(theta: golden.rope.ropeTheta, scaling: golden.scaling),
                tiedEmbeddings: golden.tied)
            let source = SeededWeights(config: model, seed: 42, scale: 0.75)
            let stack = try LayerStack(
                model: model, weights: source,
                lora: LoRAConfiguration(rank: golden.rank, alpha: 3, targets: golden.targets),
                batch: BatchShape(batch: golden.batch, sequence: golden.sequence), layers: 0...3,
                engine: MatrixEngines.default(threadCount: 2), residency: .resident, seed: 0,
                timeline: KernelTimeline())
            for layer in 1...2 {
                for (place, target) in golden.targets.enumerated() {
                    let adapter = try #require(stack.adapter(layer: layer, projection: target))
                    for (letter, matrix) in [adapter.a, adapter.b].enumerated() {
                        let index = 400 + 100 * layer + 2 * place + letter
                        source.fill(matrix, index: index)
                    }
                }
            }
            let count = golden.batch * golden.sequence
            try stack.setTokens(
                Tiny.tokens(count, vocabulary: 37), targets: Tiny.targets(count, vocabulary: 37))
            try stack.forward()
            try stack.backward()
            #expect(abs(stack.loss / golden.loss - 1) < 1e-6)
            for gradient in golden.gradients { try gradient.expect(in: stack, relative: 1e-4) }
        }
    }
}
