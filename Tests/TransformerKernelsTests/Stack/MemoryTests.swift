import ModelFiles
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    /// The account from the shapes against the buffers that stacks really hold.
    @Suite struct Memory {
        /// Widths are multiples of 64, up to which oneDNN fills its layouts.
        static func model(
            blocks: Int, keyHeads: Int, tied: Bool, variant: ModelVariant = ModelVariant()
        ) -> ModelConfig {
            ModelConfig(
                name: "memory", hiddenSize: 128, blockCount: blocks, headCount: 4, keyValueHeadCount: keyHeads,
                headSize: 64, intermediateSize: 192, vocabularySize: 320, rmsNormEpsilon: 1e-5,
                rope: RotaryEmbedding(theta: 100), tiedEmbeddings: tied, variant: variant)
        }

        /// All that takes memory.
        static let variant = ModelVariant(
            attentionBiases: true, queryKeyNorms: true, postNorms: true, activation: .geluTanh, rotarySize: 32,
            window: AttentionWindow(size: 3, fullLayers: [2]), windowRopeTheta: 50)

        /// Each engine with each format that it computes on this processor.
        static let computed: [(name: String, format: NumberFormat)] = MatrixEngines.names.flatMap { name in
            NumberFormat.allCases.filter { format in
                (try? MatrixEngines.named(name, threadCount: 1).check(format)) != nil
            }.map { (name, $0) }
        }

        @Test(arguments: computed)
        func accountIsWhatStacksHold(name: String, format: NumberFormat) throws {
            let engine = try MatrixEngines.named(name, threadCount: 2)
            for (batch, targets, keyHeads, variant) in [
                (BatchShape(batch: 1, sequence: 5), Projection.allCases, 1, ModelVariant()),
                (BatchShape(batch: 3, sequence: 64), [.q, .v], 4, ModelVariant()),
                (BatchShape(batch: 2, sequence: 200), [], 2, ModelVariant()),
                (BatchShape(batch: 2, sequence: 9), [.q, .v], 2, Self.variant),
            ] {
                let model = Self.model(blocks: 2, keyHeads: keyHeads, tied: false, variant: variant)
                let lora = LoRAConfiguration(rank: 4, alpha: 8, targets: targets)
                for layers in [0...0, 0...1, 1...2, 2...3, 3...3, 0...3] {
                    for activationCheckpointing in [false, true] {
                        let stack = try LayerStack(
                            model: model, weights: SeededWeights(config: model, seed: 1), lora: lora, batch: batch,
                            layers: layers, engine: engine, format: format, residency: .resident,
                            activationCheckpointing: activationCheckpointing, seed: 1, timeline: KernelTimeline())
                        #expect(
                            stack.memory == expected(stack, layout: engine.layout),
                            "layers \(layers), batch \(batch), checkpointing \(activationCheckpointing)")
                    }
                }
            }
        }

        private func expected(_ stack: LayerStack, layout: WeightLayout) -> MemoryUse {
            let cost = LayerCost(
                model: stack.model, lora: stack.lora, batch: stack.batch,
                activationCheckpointing: stack.activationCheckpointing)
            var sum = MemoryUse(weights: 0, adapters: 0, optimizer: 0, activations: 0, gradients: 0, scratch: 0)
            var (blockScratch, headScratch) = (0, 0)
            for layer in stack.layers {
                let use = cost.memory(
                    layer: layer, format: stack.format, layout: layout, threadCount: stack.threadCount)
                sum.weights += use.weights
                sum.adapters += use.adapters
                sum.optimizer += use.optimizer
                sum.activations += use.activations
                sum.gradients += use.gradients
                if layer == stack.model.blockCount + 1 {
                    headScratch = use.scratch
                } else {
                    blockScratch = max(blockScratch, use.scratch)
                }
            }
            let boundary = 4 * stack.batch.tokenCount * stack.model.hiddenSize
            if stack.layers.lowerBound > 0 {
                sum.activations += boundary
                sum.gradients += boundary
            }
            // One buffer of the scratch memory serves blocks and head; the rotary tables are there in any case.
            let tables = stack.model.windowRope == nil ? 1 : 2
            let table = tables * 4 * stack.batch.sequence * stack.model.rotarySize
            sum.scratch = blockScratch + headScratch + stack.productScratchBytes
            if blockScratch > 0 && headScratch > 0 { sum.scratch -= boundary }
            if blockScratch == 0 { sum.scratch += table }
            return sum
        }

        @Test func keptLogitsAreCountedWithTheHead() {
            var model = Self.model(blocks: 1, keyHeads: 4, tied: true)
            model.vocabularySize = 128_256
            let lora = LoRAConfiguration(rank: 4, alpha: 8, targets: [.q])
            func head(_ sequence: Int, _ format: NumberFormat = .f32) -> MemoryUse {
                LayerCost(model: model, lora: lora, batch: BatchShape(batch: 1, sequence: sequence))
                    .memory(layer: 2, format: format, layout: .packed, threadCount: 2)
            }
            // 523 rows of 128256 are the last that take less than 256 MiB; a chunk of 64 MiB has 130.
            #expect(head(523).activations == 523 * (4 * 128_256 + 4 * 128 + 12))
            #expect(head(524).activations == 524 * (4 * 128 + 12))
            #expect(head(523).scratch == 4 * 523 * 128)
            // In equal chunks: 5 of up to 105.
            #expect(head(524).scratch == 105 * 4 * 128_256 + 4 * 524 * 128)
            // In bf16 a gradient takes half, and logits have memory of their own.
            #expect(head(1024, .bf16).activations == 1024 * (2 * 128_256 + 2 * 128 + 12))
            #expect(head(1024, .bf16).scratch == 128 * 4 * 128_256 + 4 * 1024 * 128)
        }

        /// The same numbers, up to rounding, whether the logits' gradient is kept or computed again: an engine may add in
        /// another order where a product has another number of rows, as oneDNN does with AVX2.
        @Test func keepingLogitsChangesOnlyRounding() throws {
            let tiny = Tiny("two blocks", blocks: 2)
            let stacks = try [0, 1 << 20].map { kept in
                try tiny.stack(
                    limits: MemoryLimits(
                        logitsBytes: 3 * 37 * 4, keptLogitsBytes: kept, memoryBytes: availableMemoryBytes()))
            }
            for stack in stacks { try stack.step() }
            #expect(abs(stacks[0].loss - stacks[1].loss) <= 1e-5 * abs(stacks[0].loss))
            let gradients = stacks.map { StepBits($0).gradients }
            try #require(!gradients[0].isEmpty && gradients[0].map(\.count) == gradients[1].map(\.count))
            for (again, kept) in zip(gradients[0], gradients[1]) {
                let (again, kept) = (again.map { Float(bitPattern: $0) }, kept.map { Float(bitPattern: $0) })
                let largest = again.map(abs).max() ?? 0
                let difference = zip(again, kept).map { abs($0 - $1) }.max() ?? .infinity
                #expect(largest > 0 && difference <= 1e-5 * largest, "\(difference) of \(largest)")
            }
            #expect(stacks[1].memory.activations - stacks[0].memory.activations == 10 * 37 * 4)
        }
    }
}
