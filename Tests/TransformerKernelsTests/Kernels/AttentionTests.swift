import CKernels
import ModelFiles
import Statistics
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    /// Attention beyond one block of query rows (48) and of keys (192), against loops in double.
    @Suite struct AttentionKernels {
        struct Case: CustomStringConvertible {
            var batch: Int
            var sequence: Int
            var heads: Int
            var keyHeads: Int
            var headSize: Int
            var threads: Int
            var window: Int?
            var variant = ModelVariant()

            var description: String {
                "batch \(batch), sequence \(sequence), \(heads) heads of \(headSize) on \(keyHeads), \(threads) threads"
                    + (window.map { ", window \($0)" } ?? "") + (variant.attentionSoftCap == nil ? "" : ", soft cap")
            }

            var model: ModelConfig {
                ModelConfig(
                    name: "attention", hiddenSize: heads * headSize, blockCount: 1, headCount: heads,
                    keyValueHeadCount: keyHeads, headSize: headSize, intermediateSize: 1, vocabularySize: 1,
                    rmsNormEpsilon: 1e-5, rope: RotaryEmbedding(theta: 100), tiedEmbeddings: true, variant: variant)
            }
        }

        static let cases = [
            Case(batch: 1, sequence: 1, heads: 2, keyHeads: 1, headSize: 16, threads: 2),
            Case(batch: 2, sequence: 49, heads: 4, keyHeads: 2, headSize: 6, threads: 2),
            // One key head for all on two threads: cut into parts whose gradients are added up.
            Case(batch: 1, sequence: 97, heads: 4, keyHeads: 1, headSize: 32, threads: 2),
            Case(batch: 1, sequence: 195, heads: 2, keyHeads: 2, headSize: 80, threads: 1),
            // Windows within a panel (64), across panels, across blocks of keys, beyond the sequence.
            Case(batch: 1, sequence: 130, heads: 2, keyHeads: 1, headSize: 16, threads: 1, window: 1),
            Case(batch: 2, sequence: 150, heads: 4, keyHeads: 2, headSize: 6, threads: 2, window: 20),
            Case(batch: 1, sequence: 300, heads: 4, keyHeads: 1, headSize: 16, threads: 2, window: 100),
            Case(batch: 1, sequence: 500, heads: 1, keyHeads: 1, headSize: 16, threads: 1, window: 257),
            Case(batch: 1, sequence: 49, heads: 2, keyHeads: 2, headSize: 32, threads: 1, window: 49),
            Case(
                batch: 1, sequence: 195, heads: 2, keyHeads: 1, headSize: 16, threads: 2,
                variant: ModelVariant(attentionScale: 0.5, attentionSoftCap: 3)),
            Case(
                batch: 1, sequence: 130, heads: 4, keyHeads: 1, headSize: 32, threads: 2, window: 40,
                variant: ModelVariant(attentionSoftCap: 2, rotarySize: 20)),
        ]

        /// Shapes, windows, caps and rotated parts at random, the same in every run.
        static let random: [Case] = (0..<24).map { seed in
            var generator = SeededGenerator(seed: UInt64(seed))
            func any(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            let (keyHeads, half) = (any(1...2), any(1...20))
            return Case(
                batch: any(1...2), sequence: any(16...260), heads: keyHeads * any(1...3), keyHeads: keyHeads,
                headSize: 2 * half, threads: any(1...3), window: any(0...2) == 0 ? nil : any(2...280),
                variant: ModelVariant(
                    attentionSoftCap: any(0...1) == 0 ? nil : Double(any(1...30)),
                    rotarySize: any(0...1) == 0 ? nil : 2 * any(1...half)))
        }

        @Test(arguments: random)
        func anyShapeInF32(shape: Case) throws { try check(shape, .f32, relative: 1e-5) }

        @Test(arguments: cases)
        func forwardAndBackwardInF32(shape: Case) throws { try check(shape, .f32, relative: 2e-6) }

        /// Products of bf16 numbers summed in f32, by instructions or by emulation. Probabilities and their gradients
        /// are rounded to 8 bits on the way, an error of 2^-9 each.
        @Test(arguments: cases)
        func forwardAndBackwardInBF16(shape: Case) throws { try check(shape, .bf16, relative: 6e-3) }

        @Test func manyThreadsCutHeadsIntoMoreParts() {
            var shape = kerf_attention(
                batch: 1, sequence: 4, heads: 32, key_heads: 8, head_size: 64, parts: 1, scale: 1, format: KERF_F32,
                cosine: nil, sine: nil, rotated: 64, window: 0, cap: 0)
            let parts = [1, 2, 3, 8, 16, 64].map { kerf_attention_parts(&shape, Int32($0)) }
            #expect(parts == [1, 1, 4, 1, 2, 4])
        }

        private func check(_ shape: Case, _ format: NumberFormat, relative: Double) throws {
            let model = shape.model
            let tokens = shape.batch * shape.sequence
            let round = format == .bf16 ? BF16.rounded : { $0 }
            let (wide, narrow) = (tokens * model.querySize, tokens * model.keyValueSize)
            let q = randomValues(wide, seed: 1).map { round($0 * 2) }
            let k = randomValues(narrow, seed: 2).map { round($0 * 2) }
            let v = randomValues(narrow, seed: 3).map(round)
            let outGradient = randomValues(wide, seed: 4).map(round)
            let buffers = try [q, k, v, outGradient].map { try buffer($0, format) }
            let results = try [wide, wide, narrow, narrow].map {
                try buffer([Float](repeating: .nan, count: $0), format)
            }
            var kernel = Attention.shape(
                model, BatchShape(batch: shape.batch, sequence: shape.sequence), format, window: shape.window,
                threadCount: shape.threads)
            let threads = Int32(shape.threads)
            let rope = try RotaryTable(
                model.rope, headSize: model.headSize, rotarySize: model.rotarySize, sequence: shape.sequence,
                memory: BufferAllocator(limitBytes: 1 << 20))
            rope.fill()
            kernel.cosine = UnsafePointer(rope.cosine.start)
            kernel.sine = UnsafePointer(rope.sine.start)
            let bytes = max(
                kerf_attention_forward_scratch(&kernel, threads), kerf_attention_backward_scratch(&kernel, threads))
            let scratch = try buffer([Float](repeating: .nan, count: bytes / 4), .f32)
            let parts = try (0..<2).map { _ in try buffer([Float](repeating: .nan, count: narrow * kernel.parts), .f32)
            }
            let logSumExp = try buffer([Float](repeating: .nan, count: tokens * shape.heads), .f32)
            // An array may be released after its last use, before the kernel that writes to its elements.
            defer { withExtendedLifetime((buffers, results, parts)) {} }
            kerf_attention_forward(
                threads, &kernel, buffers[0].raw, buffers[1].raw, buffers[2].raw, results[0].raw, logSumExp.start,
                scratch.raw)
            kerf_attention_backward(
                threads, &kernel, buffers[0].raw, buffers[1].raw, buffers[2].raw, results[0].raw, logSumExp.start,
                buffers[3].raw, results[1].raw, results[2].raw, results[3].raw, parts[0].start, parts[1].start,
                scratch.raw)

            let expected = Reference.attentionWithGradients(
                doubles(q), doubles(k), doubles(v), outGradient: doubles(outGradient), model,
                window: shape.window, sequence: shape.sequence)
            let whole = Reference.attention(
                doubles(q), doubles(k), doubles(v), model, window: shape.window, sequence: shape.sequence)
            #expect(relativeError(whole.map { Float($0) }, expected.out) < 1e-6)
            let names = ["out", "dq", "dk", "dv"]
            // The gradients are those of q and k before their rotation: rotated, those of what attention was given.
            let rotated = [(1, shape.heads), (2, shape.keyHeads)].reduce(into: results.map(values)) {
                $0[$1.0] = Reference.rotate(
                    doubles($0[$1.0]), heads: $1.1, headSize: shape.headSize, rotarySize: model.rotarySize,
                    sequence: shape.sequence,
                    rope: model.rope
                ).map { Float($0) }
            }
            for (index, reference) in [expected.out, expected.q, expected.k, expected.v].enumerated() {
                // A single key leaves no choice: its gradients are zero up to rounding.
                if (shape.sequence == 1 || shape.window == 1) && (index == 1 || index == 2) {
                    #expect(rotated[index].allSatisfy { abs($0) < 1e-2 })
                } else {
                    #expect(relativeError(rotated[index], reference) < relative, "\(names[index])")
                }
            }
        }

        private func buffer(_ values: [Float], _ format: NumberFormat) throws -> AlignedBuffer {
            let buffer = try #require(AlignedBuffer(count: values.count, format: format))
            kerf_copy(1, values.count, values, format.kernel, buffer.raw)
            return buffer
        }

        private func values(_ buffer: AlignedBuffer) -> [Float] {
            guard buffer.format == .bf16 else { return Array(buffer.elements) }
            let halves = buffer.raw.assumingMemoryBound(to: UInt16.self)
            return (0..<buffer.count).map { BF16.value(halves[$0]) }
        }
    }
}
