import CKernels
import ModelFiles
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    /// Weights that stay quantized give the bits of the same weights in f32.
    @Suite struct Quantized {
        /// Widths that all formats divide, and more outputs than a panel has rows.
        private static let tiny: Tiny = {
            var tiny = Tiny("quantized", blocks: 2, batch: 2, sequence: 9)
            tiny.model = ModelConfig(
                name: "quantized", hiddenSize: 256, blockCount: 2, headCount: 4, keyValueHeadCount: 2, headSize: 64,
                intermediateSize: 512, vocabularySize: 300, rmsNormEpsilon: 1e-5, rope: RotaryEmbedding(theta: 100),
                tiedEmbeddings: true)
            return tiny
        }()

        /// What quantized weights hold, in f32.
        private struct Dequantized: WeightSource {
            let quantized: QuantizedWeights
            var config: ModelConfig { quantized.config }
            var kind: WeightsKind { quantized.kind }
            var origin: String { quantized.origin }

            func read(
                _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
            ) throws {
                guard let format = quantized.quantizedFormat(of: role) else {
                    return try quantized.read(role, rows: rows, into: destination)
                }
                let columns = config.shape(of: role).columns
                let rowBytes = try #require(format.rowBytes(columns: columns))
                var bytes = [UInt8](repeating: 0, count: rows.count * rowBytes)
                try bytes.withUnsafeMutableBytes { bytes in
                    try quantized.readBlocks(role, rows: rows, in: format, into: bytes)
                    for row in 0..<rows.count {
                        let values = destination[row * columns..<(row + 1) * columns]
                        format.decode(
                            bytes.baseAddress! + row * rowBytes, into: UnsafeMutableBufferPointer(rebasing: values))
                    }
                }
            }
        }

        @Test(arguments: QuantizedFormat.allCases, [false, true])
        func stepsHaveTheBitsOfDequantizedWeights(format: QuantizedFormat, tied: Bool) throws {
            var tiny = Self.tiny
            tiny.model.tiedEmbeddings = tied
            let weights = try QuantizedWeights(SeededWeights(config: tiny.model, seed: 7, scale: 0.1), .format(format))
            let sources: [any WeightSource] = [weights, Dequantized(quantized: weights)]
            let steps = try sources.map { source in
                let stack = try tiny.stack(engine: "kerf", weights: source)
                for _ in 0..<2 { try stack.step() }
                return (StepBits(stack), stack)
            }
            #expect(steps[0].0 == steps[1].0)
            #expect(steps[0].1.loss.isFinite && steps[0].1.loss > 0)
            #expect(steps[0].1.matrixFormats == MatrixFormats(format, model: tiny.model))
            #expect(steps[1].1.matrixFormats.isPlain)
            #expect(3 * steps[0].1.memory.weights < 2 * steps[1].1.memory.weights)
        }

        /// Activations in bf16, to which weights are rounded while they are multiplied.
        @Test(arguments: QuantizedFormat.allCases)
        func stepsInBF16AreClose(format: QuantizedFormat) throws {
            let weights = try QuantizedWeights(
                SeededWeights(config: Self.tiny.model, seed: 7, scale: 0.1), .format(format))
            let losses = try NumberFormat.allCases.map { number in
                let stack = try Self.tiny.stack(engine: "kerf", format: number, weights: weights)
                try stack.step()
                return stack.loss
            }
            #expect(losses[0] != losses[1] && abs(losses[0] - losses[1]) < 0.01 * losses[0])
        }

        @Test func splitsAndResidenciesHaveTheSameBits() throws {
            let tiny = Self.tiny
            let weights = try QuantizedWeights(
                SeededWeights(config: tiny.model, seed: 7, scale: 0.1), .format(.q6K))
            let whole = try tiny.stack(engine: "kerf", weights: weights)
            try whole.step()
            let streaming = try tiny.stack(engine: "kerf", residency: .streaming, weights: weights)
            try streaming.step()
            #expect(StepBits(streaming) == StepBits(whole))
            let device = try tiny.stack(layers: 0...1, engine: "kerf", weights: weights)
            let server = try tiny.stack(layers: 2...3, engine: "kerf", weights: weights)
            try device.forward()
            _ = try #require(server.input).update(fromContentsOf: #require(device.output))
            try server.forward()
            try server.backward()
            _ = try #require(device.outputGradient).update(fromContentsOf: #require(server.inputGradient))
            try device.backward()
            #expect(StepBits(device, server) == StepBits(whole))
        }

        @Test(arguments: QuantizedFormat.allCases)
        func accountIsWhatStacksHold(format: QuantizedFormat) throws {
            var model = Memory.model(blocks: 2, keyHeads: 2, tied: false)
            (model.hiddenSize, model.intermediateSize) = (256, 512)
            let stack = try LayerStack(
                model: model,
                weights: QuantizedWeights(SeededWeights(config: model, seed: 1), .format(format)),
                lora: Self.tiny.lora, batch: Self.tiny.batch, layers: 0...3,
                engine: MatrixEngines.named("kerf", threadCount: 1), residency: .resident, seed: 1,
                timeline: KernelTimeline())
            let cost = LayerCost(
                model: model, lora: stack.lora, batch: stack.batch, matrixFormats: stack.matrixFormats)
            let weights = (0...3).reduce(0) {
                $0 + cost.memory(layer: $1, format: .f32, layout: .panels, threadCount: 1).weights
            }
            #expect(stack.memory.weights == weights)
            let traffic = cost.bytes(layer: 1, kernel: .downProjection, direction: .forward, format: .f32)
            let tokens = stack.batch.tokenCount
            #expect(
                traffic
                    == Double(format.byteCount(rows: 256, columns: 512) + 4 * tokens * 512 + 8 * tokens * 256))
        }

        @Test func refusals() throws {
            let tiny = Self.tiny
            let source = SeededWeights(config: tiny.model, seed: 7)
            let quantized = try QuantizedWeights(source, .format(.q40))
            #expect { try tiny.stack(engine: "onednn", weights: quantized) } throws: {
                "\($0)".contains("does not multiply by quantized weights")
            }
            #expect { try QuantizedWeights(source, .stored) } throws: { "\($0)".contains("has no quantized matrix") }
            var narrow = tiny.model
            narrow.intermediateSize = 320
            #expect { try QuantizedWeights(SeededWeights(config: narrow, seed: 7), .format(.q4K)) } throws: {
                "\($0)".contains("rows of 320 values") && "\($0)".contains("int8, Q8_0, Q4_0, Q4_1")
            }
        }

        /// A file may have a format of its own for each matrix.
        @Test func blocksOfDifferentFormats() throws {
            struct Mixed: WeightSource {
                let base: SeededWeights
                var config: ModelConfig { base.config }
                var kind: WeightsKind { .gguf }
                var origin: String { "mixed" }
                func read(
                    _ role: TensorRole, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
                ) throws { try base.read(role, rows: rows, into: destination) }
                func storedFormat(of role: TensorRole) -> QuantizedFormat? {
                    switch role {
                    case .projection(.v, block: 1), .embedding: .q6K
                    case .projection(.o, _): nil
                    case .projection: .q4K
                    default: nil
                    }
                }
            }
            let mixed = try QuantizedWeights(
                Mixed(base: SeededWeights(config: Self.tiny.model, seed: 7, scale: 0.1)), .stored)
            let stack = try Self.tiny.stack(engine: "kerf", weights: mixed)
            try stack.step()
            let exact = try Self.tiny.stack(engine: "kerf", weights: Dequantized(quantized: mixed))
            try exact.step()
            #expect(StepBits(stack) == StepBits(exact))
            #expect(
                stack.matrixFormats.names(of: Self.tiny.model, plain: .f32) == ["Q4_K", "Q6_K", "f32"])
            #expect { try Self.tiny.stack(engine: "kerf", residency: .streaming, weights: mixed) } throws: {
                "\($0)".contains("cannot take turns in memory")
            }
        }
    }
}
