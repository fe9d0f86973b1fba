import CKernels
import Foundation
import ModelFiles
import SystemIO
import Testing

@testable import TransformerKernels

extension KernelTests {
    /// Kernels that reduce along a row.
    @Suite struct Rows {
        @Test(arguments: [1, 7, 16, 33, 100])
        func rmsNormAndItsGradient(width: Int) {
            let rows = 3
            let x = randomValues(rows * width, seed: 1)
            let weight = randomValues(width, seed: 2)
            let dy = randomValues(rows * width, seed: 3)
            let residual = randomValues(rows * width, seed: 4)
            var y = x
            var reciprocal = [Float](repeating: 0, count: rows)
            kerf_rms_norm_forward(2, rows, width, x, weight, 1e-2, KERF_F32, &y, &reciprocal)
            let norm = { Reference.rmsNorm($0, weight: doubles(weight), epsilon: Double(Float(1e-2))) }
            expectClose(y, norm(doubles(x)), relative: 1e-6)
            var halves = [UInt16](repeating: 0, count: x.count)
            kerf_rms_norm_forward(2, rows, width, x, weight, 1e-2, KERF_BF16, &halves, &reciprocal)
            #expect(halves == y.map(BF16.bits))

            let expected = centralDifferences(at: doubles(x)) { dot(norm($0), doubles(dy)) }
            var dx = x
            kerf_rms_norm_backward(2, rows, width, x, weight, reciprocal, dy, nil, &dx)
            expectClose(dx, expected, relative: 1e-5, "without residual")
            dx = residual
            dx.withUnsafeMutableBufferPointer { buffer in
                kerf_rms_norm_backward(
                    2, rows, width, x, weight, reciprocal, dy, buffer.baseAddress, buffer.baseAddress)
            }
            expectClose(dx, zip(expected, doubles(residual)).map(+), relative: 1e-5, "with residual, in place")
        }

        @Test(arguments: [2, 33, 3000])
        func crossEntropyAndItsGradient(vocabulary: Int) {
            let targets: [Int32] = [0, Int32(vocabulary - 1), -1, 1]
            let logits = randomValues(targets.count * vocabulary, seed: 9).map { $0 * 10 }
            var losses = [Double](repeating: 9, count: targets.count)
            // Without a gradient the logits stay.
            var kept = logits
            kerf_cross_entropy(2, targets.count, vocabulary, &kept, 0, targets, &losses, 0, KERF_F32, nil)
            #expect(kept == logits)
            let expected = Reference.crossEntropy(doubles(logits), targets: targets)
            #expect(abs(losses.reduce(0, +) / 3 / expected - 1) < 1e-6)
            #expect(losses[2] == 0)

            var again = losses
            var gradient = logits
            gradient.withUnsafeMutableBufferPointer { buffer in
                kerf_cross_entropy(
                    2, targets.count, vocabulary, buffer.baseAddress!, 0, targets, &again, 1.0 / 3, KERF_F32,
                    buffer.baseAddress!)
            }
            #expect(again == losses)
            var halves = [UInt16](repeating: 9, count: logits.count)
            kerf_cross_entropy(2, targets.count, vocabulary, &kept, 0, targets, &again, 1.0 / 3, KERF_BF16, &halves)
            #expect(again == losses)
            #expect(halves == gradient.map(BF16.bits))
            #expect(gradient[2 * vocabulary..<3 * vocabulary].allSatisfy { $0 == 0 })
            // By differences for a small vocabulary, by the formula for a large one.
            if vocabulary < 100 {
                let differences = centralDifferences(at: doubles(logits)) {
                    Reference.crossEntropy($0, targets: targets)
                }
                expectClose(gradient, differences, relative: 1e-5)
            } else {
                let row = Reference.softmax(doubles(logits[..<vocabulary]))
                let formula = row.enumerated().map { ($0.element - ($0.offset == 0 ? 1 : 0)) / 3 }
                expectClose(gradient[..<vocabulary], formula, relative: 1e-5)
            }
        }

        @Test(arguments: [2, 33, 90])
        func crossEntropyOfCappedLogitsAndItsGradient(vocabulary: Int) {
            let targets: [Int32] = [0, Int32(vocabulary - 1), -1, 1]
            let logits = randomValues(targets.count * vocabulary, seed: 9).map { $0 * 10 }
            let capped = { (logits: [Double]) in logits.map { Reference.softCap($0, 6) } }
            let loss = { Reference.crossEntropy(capped($0), targets: targets) }
            var losses = [Double](repeating: 9, count: targets.count)
            var kept = logits
            kerf_cross_entropy(2, targets.count, vocabulary, &kept, 6, targets, &losses, 0, KERF_F32, nil)
            expectClose(kept, capped(doubles(logits)), relative: 1e-6, "logits")
            #expect(abs(losses.reduce(0, +) / 3 / loss(doubles(logits)) - 1) < 1e-6)
            #expect(losses[2] == 0)

            var again = losses
            var gradient = logits
            gradient.withUnsafeMutableBufferPointer { buffer in
                kerf_cross_entropy(
                    2, targets.count, vocabulary, buffer.baseAddress!, 6, targets, &again, 1.0 / 3, KERF_F32,
                    buffer.baseAddress!)
            }
            #expect(again == losses)
            expectClose(gradient, centralDifferences(at: doubles(logits), loss), relative: 1e-5)
            #expect(gradient[2 * vocabulary..<3 * vocabulary].allSatisfy { $0 == 0 })
            var halves = [UInt16](repeating: 9, count: logits.count)
            kept = logits
            kerf_cross_entropy(2, targets.count, vocabulary, &kept, 6, targets, &again, 1.0 / 3, KERF_BF16, &halves)
            #expect(halves == gradient.map(BF16.bits))
        }

        /// A norm whose result is added, against the norm and its gradient above.
        @Test(arguments: [1, 16, 33])
        func rmsNormOntoTheStream(width: Int) {
            let rows = 3
            let (x, base) = (randomValues(rows * width, seed: 1), randomValues(rows * width, seed: 4))
            let weight = randomValues(width, seed: 2)
            var (y, normed) = (x, x)
            var reciprocals = [[Float]](repeating: [Float](repeating: 0, count: rows), count: 2)
            kerf_rms_norm_add(2, rows, width, x, weight, 1e-2, base, &y, &reciprocals[0])
            kerf_rms_norm_forward(2, rows, width, x, weight, 1e-2, KERF_F32, &normed, &reciprocals[1])
            expectClose(y, zip(doubles(normed), doubles(base)).map(+), relative: 1e-6)
            #expect(reciprocals[0] == reciprocals[1])
        }

        @Test(arguments: [1, 7, 64, 100])
        func headNormAndItsGradient(width: Int) {
            let rows = 5
            let operands = (1...2).map { randomValues(rows * width, seed: $0).map(BF16.rounded) }
            let (x, dy) = (operands[0], operands[1])
            let weight = randomValues(width, seed: 3)
            let norm = { Reference.rmsNorm($0, weight: doubles(weight), epsilon: Double(Float(1e-2))) }
            var y = x
            kerf_head_norm_forward(2, rows, width, x, weight, 1e-2, KERF_F32, &y)
            expectClose(y, norm(doubles(x)), relative: 1e-6)
            var dx = dy
            dx.withUnsafeMutableBufferPointer { buffer in
                kerf_head_norm_backward(
                    2, rows, width, x, weight, 1e-2, buffer.baseAddress, KERF_F32, buffer.baseAddress)
            }
            let expected = centralDifferences(at: doubles(x)) { dot(norm($0), doubles(dy)) }
            expectClose(dx, expected, relative: 1e-5)

            // What the f32 kernel gives for the rounded operands, rounded.
            let halves = operands.map { $0.map(BF16.bits) }
            var (yHalves, dxHalves) = (halves[0], halves[1])
            kerf_head_norm_forward(2, rows, width, halves[0], weight, 1e-2, KERF_BF16, &yHalves)
            kerf_head_norm_backward(2, rows, width, halves[0], weight, 1e-2, halves[1], KERF_BF16, &dxHalves)
            #expect(yHalves == y.map(BF16.bits) && dxHalves == dx.map(BF16.bits))
        }

        @Test(
            arguments: [
                nil, .linear(factor: 3), Tiny.llama3, .perFrequency([1, 2, 30]), Tiny.longRope(5), Tiny.longRope(4),
            ] as [RotaryEmbedding.Scaling?])
        func rope(scaling: RotaryEmbedding.Scaling?) throws {
            let rope = RotaryEmbedding(theta: 100, scaling: scaling)
            let table = try RotaryTable(
                rope, headSize: 6, sequence: 5, memory: BufferAllocator(limitBytes: 1 << 20))
            table.fill()
            // Two sequences of 5 tokens with 3 heads of 6.
            let x = try buffer(randomValues(2 * 5 * 3 * 6, seed: 10))
            let expected = Reference.rotate(doubles(x.elements), heads: 3, headSize: 6, sequence: 5, rope: rope)
            let original = Array(x.elements)
            table.rotate(x, tokens: 10, heads: 3, team: ThreadTeam(count: 2))
            expectClose(x.elements, expected, relative: 1e-6)
            #expect(Array(x.elements[18...]) != Array(original[18...]))
        }

        @Test func ropeOfAPartOfEachHead() throws {
            let rope = RotaryEmbedding(theta: 100)
            let table = try RotaryTable(
                rope, headSize: 10, rotarySize: 6, sequence: 5, memory: BufferAllocator(limitBytes: 1 << 20))
            table.fill()
            let x = try buffer(randomValues(2 * 5 * 3 * 10, seed: 10))
            let expected = Reference.rotate(
                doubles(x.elements), heads: 3, headSize: 10, rotarySize: 6, sequence: 5, rope: rope)
            let original = Array(x.elements)
            table.rotate(x, tokens: 10, heads: 3, team: ThreadTeam(count: 2))
            expectClose(x.elements, expected, relative: 1e-6)
            for index in original.indices where index % 10 >= 6 { #expect(x.elements[index] == original[index]) }
        }

        @Test func ropeWithWrongDivisorsIsRefused() {
            for divisors: [Float] in [[1, 2], [1, 2, 0], [1, 2, .nan]] {
                #expect(throws: KerfError.self) {
                    try RotaryTable(
                        RotaryEmbedding(theta: 100, scaling: .perFrequency(divisors)), headSize: 6, sequence: 5,
                        memory: BufferAllocator(limitBytes: 1 << 20))
                }
            }
        }

        private func buffer(_ values: [Float]) throws -> AlignedBuffer {
            let buffer = try #require(AlignedBuffer(count: values.count))
            _ = buffer.elements.update(fromContentsOf: values)
            return buffer
        }
    }
}
