import FoundationEssentials
import ModelFiles
import TestSupport
import Testing
import Workload

@testable import TransformerKernels

/// `Golden/smollm2-135m.json`: a text's token ids, and the mean cross-entropy that transformers found in f32 when it
/// read the same file.
private struct SmolLM2Golden: Decodable {
    struct Loss: Decodable {
        var tokens: Int
        var loss: Double
    }
    var ids: [Int32]
    var losses: [Loss]
}

extension KernelTests {
    @Suite(.enabled(if: TestModel.path != nil, "\(TestModel.absence)"))
    struct SmolLM2 {
        /// The acceptance is 1e-3; f32 leaves room for a hundredth of that.
        @Test(arguments: MatrixEngines.names)
        func lossIsTheReferences(engine: String) throws {
            let golden = try JSONDecoder().decode(SmolLM2Golden.self, from: goldenData("smollm2-135m.json"))
            let source = try WeightSources.open(#require(TestModel.path))
            #expect(golden.losses.map(\.tokens) == [64, 256])
            for expected in golden.losses {
                let stack = try LayerStack(
                    model: source.config, weights: source,
                    lora: LoRAConfiguration(rank: 4, alpha: 8, targets: [.q, .v]),
                    batch: BatchShape(batch: 1, sequence: expected.tokens), layers: 0...source.config.blockCount + 1,
                    engine: MatrixEngines.named(engine), residency: .streaming, seed: 1, timeline: KernelTimeline())
                try stack.setTokens(
                    Array(golden.ids[..<expected.tokens]), targets: Array(golden.ids[1...expected.tokens]))
                try stack.forward()
                #expect(abs(stack.loss - expected.loss) < 1e-5, "\(expected.tokens) tokens: \(stack.loss)")
            }
        }
    }
}
