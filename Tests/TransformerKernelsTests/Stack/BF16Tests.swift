import ModelFiles
import Testing
import Workload

@testable import TransformerKernels

let computesBF16 = (try? OneDNNEngine(threadCount: 1).check(.bf16)) != nil

extension KernelTests {
    /// The bf16 path against the f32 one.
    ///
    /// How far a result moves when numbers are rounded depends on the layer's condition, so the bound is stated by that:
    /// the bf16 path rounds the weights, the operands of every product and the wide results, four kinds of roundings
    /// of the same size, and may move a result by no more than six times what rounding the weights alone moves it.
    @Suite(.enabled(if: computesBF16, "the engine computes no bf16 on this processor"))
    struct InBF16 {
        /// A variant rounds up to twice as often: q and k before and after their norms, the results of biases.
        static func bound(_ tiny: Tiny) -> Double { tiny.model.variant == ModelVariant() ? 6 : 12 }

        @Test(arguments: Tiny.configurations)
        func blocksAreWithinBoundsOfF32(tiny: Tiny) throws {
            let exact = try run(tiny, tiny.weights, .f32)
            let roundedWeights = try run(tiny, RoundedWeights(exact: tiny.weights), .f32)
            let rounded = try run(tiny, tiny.weights, .bf16)
            #expect(exact.count == rounded.count)
            for (name, values) in exact {
                let size = doubles(values)
                // With one token the scores have no gradient but rounding.
                guard size.contains(where: { abs($0) > 1e-3 }) else { continue }
                let unit = relativeError(try #require(roundedWeights[name]), size)
                let error = relativeError(try #require(rounded[name]), size)
                #expect(error > 0 && error < Self.bound(tiny) * unit, "\(name): \(error), weights alone \(unit)")
            }
        }

        /// Outputs and gradients of one block, by name.
        private func run(_ tiny: Tiny, _ weights: any WeightSource, _ format: NumberFormat) throws -> [String: [Float]]
        {
            let stack = try tiny.stack(layers: 1...1, format: format, weights: weights)
            let count = tiny.batch.tokenCount * tiny.model.hiddenSize
            _ = try #require(stack.input).update(fromContentsOf: randomValues(count, seed: 21))
            _ = try #require(stack.outputGradient).update(fromContentsOf: randomValues(count, seed: 22))
            try stack.forward()
            try stack.backward()
            var results = ["output": Array(try #require(stack.output))]
            results["input gradient"] = Array(try #require(stack.inputGradient))
            for target in tiny.lora.targets {
                let adapter = try #require(stack.adapter(layer: 1, projection: target))
                results["\(target) A"] = Array(adapter.gradientA)
                results["\(target) B"] = Array(adapter.gradientB)
            }
            return results
        }

        @Test func wholeModelTrains() throws {
            let tiny = Tiny("two blocks", blocks: 2)
            let losses = try NumberFormat.allCases.map { format in
                let stack = try tiny.stack(format: format)
                stack.optimizer = AdamW(learningRate: 0.02)
                return try (0..<20).map { _ in
                    try stack.step()
                    return stack.loss
                }
            }
            #expect(losses[1][0] != losses[0][0] && abs(losses[1][0] / losses[0][0] - 1) < 0.02)
            #expect(losses[1][19] < 0.5 * losses[1][0])
        }

        @Test func repeatedRunsGiveTheSameBits() throws {
            let results = try (0..<2).map { _ in
                let stack = try Tiny("three blocks", blocks: 3).stack(format: .bf16)
                try stack.step()
                return StepBits(stack)
            }
            #expect(results[0] == results[1])
        }

        @Test func weightsTakeHalfTheMemory() throws {
            let model = Memory.model(blocks: 1, keyHeads: 2, tied: true)
            let cost = LayerCost(
                model: model, lora: LoRAConfiguration(rank: 1, alpha: 1, targets: [.q]),
                batch: BatchShape(batch: 1, sequence: 8))
            let bytes = NumberFormat.allCases.map {
                cost.memory(layer: 1, format: $0, layout: .packed, threadCount: 1).weights - 8 * model.hiddenSize
            }
            #expect(bytes[0] == 2 * bytes[1])
        }
    }
}

/// Weights that bf16 holds exactly.
private struct RoundedWeights: WeightSource {
    let exact: SeededWeights
    var config: ModelConfig { exact.config }
    var kind: WeightsKind { exact.kind }
    var origin: String { exact.origin }

    func read(_ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws {
        try exact.read(role, rows: rows, into: destination)
        for index in destination.indices { destination[index] = BF16.rounded(destination[index]) }
    }
}
