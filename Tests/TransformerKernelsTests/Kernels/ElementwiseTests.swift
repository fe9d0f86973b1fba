import CKernels
import Foundation
import Testing

extension KernelTests {
    @Suite struct Elementwise {
        @Test func exponentialIsWithinTwoTenMillionths() {
            let x = (0..<200_003).map { Float(-87.3 + 175.6 * Double($0) / 200_002) }
            var y = [Float](repeating: 0, count: x.count)
            kerf_exp(x.count, x, &y)
            let worst = zip(x, y).map { abs(Double($1) / exp(Double($0)) - 1) }.max() ?? 1
            #expect(worst < 2e-7)
        }

        @Test func exponentialAtTheEnds() {
            let x: [Float] = [-.infinity, -1000, -88, 0, 88.3, 1000, .infinity, .nan]
            var y = [Float](repeating: 9, count: x.count)
            kerf_exp(x.count, x, &y)
            #expect(y[0...3] == [0, 0, 0, 1])
            #expect(y[4...6].allSatisfy { $0.isFinite && $0 > 2e38 })
            #expect(y[7].isNaN)
        }

        @Test func hyperbolicTangentIsWithinThreeTenMillionths() throws {
            let grid = (0..<200_003).map { Float(-12 + 24 * Double($0) / 200_002) }
            let x: [Float] = grid + [1e-6, -3e-4, 0.62499, 0.62501]
            var y = [Float](repeating: 0, count: x.count)
            kerf_tanh(x.count, x, &y)
            let worst = zip(x, y).map { x, y in
                let exact = tanh(Double(x))
                return abs(Double(y) - exact) / max(abs(exact), 1e-30)
            }.max()
            #expect(try #require(worst) < 3e-7)
            let ends: [Float] = [-.infinity, -100, 0, 100, .infinity, .nan]
            kerf_tanh(ends.count, ends, &y)
            #expect(y[..<5] == [-1, -1, 0, 1, 1] && y[5].isNaN)
        }

        @Test(arguments: [1, 16, 37])
        func rowsRepeat(width: Int) {
            let bias = randomValues(width, seed: 1)
            var y = [Float](repeating: 9, count: 3 * width)
            kerf_repeat_row(2, 3, width, bias, KERF_F32, &y)
            #expect(y == bias + bias + bias)
            var halves = [UInt16](repeating: 9, count: 3 * width)
            kerf_repeat_row(2, 3, width, bias, KERF_BF16, &halves)
            #expect(halves == y.map(BF16.bits))
        }

        @Test(arguments: [1, 15, 16, 17, 1000])
        func copiesKeepOrRound(count: Int) {
            let x = randomValues(count, seed: 1)
            var y = [Float](repeating: 9, count: count)
            kerf_copy(2, count, x, KERF_F32, &y)
            #expect(y == x)
            var halves = [UInt16](repeating: 9, count: count + 1)
            kerf_copy(2, count, x, KERF_BF16, &halves)
            #expect(halves[..<count].map(BF16.value) == x.map { BF16.value(BF16.bits($0)) })
            #expect(halves[count] == 9)
        }

        /// Ties go to the even neighbor, what is too large to infinity; a NaN stays one whatever its bits.
        @Test func roundingToBF16AtTheEdges() {
            let x = [
                0x3f80_8000, 0x3f81_8000, 0x3f80_8001, 0x7f7f_ffff, 0xff80_0000, 0x7f80_0001, 0xffff_ffff, 0x8000_0000,
            ]
            .map { Float(bitPattern: $0) }
            var y = [UInt16](repeating: 0, count: x.count)
            kerf_copy(1, x.count, x, KERF_BF16, &y)
            #expect(y[..<5] == [0x3f80, 0x3f82, 0x3f81, 0x7f80, 0xff80])
            #expect(BF16.value(y[5]).isNaN && BF16.value(y[6]).isNaN && y[7] == 0x8000)
        }

        @Test func gatherTakesWholeRows() {
            let table = randomValues(5 * 7, seed: 3)
            let expected = Array(table[28...] + table[..<7] + table[28...] + table[14..<21])
            var y = [Float](repeating: 0, count: 4 * 7)
            kerf_embedding_gather(2, 4, 7, KERF_F32, table, [4, 0, 4, 2], &y)
            #expect(y == expected)
            kerf_embedding_gather(2, 4, 7, KERF_BF16, table.map(BF16.bits), [4, 0, 4, 2], &y)
            #expect(y == expected.map(BF16.rounded))
        }

        @Test func groupsAddUp() {
            // 3 rows, 2 groups of 4 heads of 5.
            let x = randomValues(3 * 2 * 4 * 5, seed: 4)
            var y = [Float](repeating: 0, count: 3 * 2 * 5)
            kerf_sum_groups(2, 3, 2, 4, 5, x, KERF_F32, &y)
            for cell in 0..<6 {
                for i in 0..<5 {
                    let sum = (0..<4).reduce(Float(0)) { $0 + x[(cell * 4 + $1) * 5 + i] }
                    #expect(y[cell * 5 + i] == sum)
                }
            }
        }

        private typealias Forward = (
            Int32, Int, kerf_format, UnsafeRawPointer, UnsafeRawPointer, UnsafeMutableRawPointer
        ) -> Void
        private typealias Backward = (
            Int32, Int, kerf_format, UnsafeRawPointer, UnsafeRawPointer, UnsafeRawPointer, UnsafeMutableRawPointer,
            UnsafeMutableRawPointer, UnsafeMutableRawPointer
        ) -> Void

        /// A gated linear unit and its gradients against its definition.
        private func expectUnit(
            _ count: Int, _ forward: Forward, _ backward: Backward, is reference: ([Double], [Double]) -> [Double]
        ) {
            let gate = randomValues(count, seed: 5).map { $0 * 6 }
            let up = randomValues(count, seed: 6)
            let dy = randomValues(count, seed: 7)
            var y = [Float](repeating: 0, count: count)
            forward(2, count, KERF_F32, gate, up, &y)
            expectClose(y, reference(doubles(gate), doubles(up)), relative: 1e-6)

            var dGate = dy
            var dUp = [Float](repeating: 0, count: count)
            var again = dUp
            // In place, as the layers call it.
            dGate.withUnsafeMutableBytes { bytes in
                let place = bytes.baseAddress!
                backward(2, count, KERF_F32, gate, up, place, place, &dUp, &again)
            }
            #expect(again == y)
            let byGate = centralDifferences(at: doubles(gate)) { dot(reference($0, doubles(up)), doubles(dy)) }
            let byUp = centralDifferences(at: doubles(up)) { dot(reference(doubles(gate), $0), doubles(dy)) }
            expectClose(dGate, byGate, relative: 1e-5)
            expectClose(dUp, byUp, relative: 1e-5)
        }

        @Test(arguments: [1, 16, 37])
        func swigluAndItsGradients(count: Int) {
            expectUnit(
                count, { kerf_swiglu_forward($0, $1, $2, $3, $4, $5) },
                {
                    kerf_swiglu_backward($0, $1, $2, $3, $4, $5, $6, $7, $8)
                }, is: { Reference.swiglu(gate: $0, up: $1) })
        }

        @Test(arguments: [1, 16, 37])
        func gegluAndItsGradients(count: Int) {
            expectUnit(
                count, { kerf_geglu_forward($0, $1, $2, $3, $4, $5) },
                {
                    kerf_geglu_backward($0, $1, $2, $3, $4, $5, $6, $7, $8)
                }, is: { Reference.geglu(gate: $0, up: $1) })
            var large: [Float] = [0, 0]
            kerf_geglu_forward(1, 2, KERF_F32, [-1000, 1000] as [Float], [2, 2] as [Float], &large)
            #expect(abs(large[0]) < 1e-30 && large[1] == 2000)
        }

        /// What the f32 kernel gives for the rounded operands, rounded.
        @Test(arguments: [false, true])
        func swigluInBF16(isGELU: Bool) {
            let forward = isGELU ? kerf_geglu_forward : kerf_swiglu_forward
            let backward = isGELU ? kerf_geglu_backward : kerf_swiglu_backward
            let count = 53
            let operands = (5...7).map { seed in randomValues(count, seed: UInt64(seed)).map { BF16.rounded($0 * 4) } }
            let zeros = [Float](repeating: 0, count: count)
            var (y, dGate, dUp, again) = (zeros, zeros, zeros, zeros)
            forward(1, count, KERF_F32, operands[0], operands[1], &y)
            backward(
                1, count, KERF_F32, operands[0], operands[1], operands[2], &dGate, &dUp, &again)
            let halves = operands.map { $0.map(BF16.bits) }
            let none = [UInt16](repeating: 0, count: count)
            var (yHalves, dGateHalves, dUpHalves, againHalves) = (none, none, none, none)
            forward(2, count, KERF_BF16, halves[0], halves[1], &yHalves)
            backward(
                2, count, KERF_BF16, halves[0], halves[1], halves[2], &dGateHalves, &dUpHalves, &againHalves)
            #expect(yHalves == y.map(BF16.bits) && againHalves == yHalves)
            #expect(dGateHalves == dGate.map(BF16.bits) && dUpHalves == dUp.map(BF16.bits))
        }

        @Test func swigluOfLargeGatesIsFinite() {
            let gate: [Float] = [-1000, -90, 90, 1000]
            let up: [Float] = [2, 2, 2, 2]
            var y = [Float](repeating: 0, count: 4)
            kerf_swiglu_forward(1, 4, KERF_F32, gate, up, &y)
            #expect(abs(y[0]) < 1e-30 && abs(y[1]) < 1e-30)
            #expect(y[2...] == [180, 2000])
            var dGate = [Float](repeating: 0, count: 4)
            var dUp = dGate
            kerf_swiglu_backward(1, 4, KERF_F32, gate, up, [1, 1, 1, 1] as [Float], &dGate, &dUp, nil)
            #expect(abs(dGate[0]) < 1e-30)
            #expect(dGate[2...] == [2, 2] && dUp[2...] == [90, 1000])
        }
    }
}
