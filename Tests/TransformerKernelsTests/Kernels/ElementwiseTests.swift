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

        @Test(arguments: [1, 15, 16, 17, 1000])
        func addition(count: Int) {
            let a = randomValues(count, seed: 1)
            let b = randomValues(count, seed: 2)
            var y = [Float](repeating: 0, count: count)
            kerf_add(2, count, a, b, &y)
            #expect(y == zip(a, b).map(+))
        }

        @Test func gatherTakesWholeRows() {
            let table = randomValues(5 * 7, seed: 3)
            var y = [Float](repeating: 0, count: 4 * 7)
            kerf_embedding_gather(2, 4, 7, table, [4, 0, 4, 2], &y)
            #expect(y == Array(table[28...] + table[..<7] + table[28...] + table[14..<21]))
        }

        @Test func groupsAddUp() {
            // 3 rows, 2 groups of 4 heads of 5.
            let x = randomValues(3 * 2 * 4 * 5, seed: 4)
            var y = [Float](repeating: 0, count: 3 * 2 * 5)
            kerf_sum_groups(2, 3, 2, 4, 5, x, &y)
            for cell in 0..<6 {
                for i in 0..<5 {
                    let sum = (0..<4).reduce(Float(0)) { $0 + x[(cell * 4 + $1) * 5 + i] }
                    #expect(y[cell * 5 + i] == sum)
                }
            }
        }

        @Test(arguments: [1, 16, 37])
        func swigluAndItsGradients(count: Int) {
            let gate = randomValues(count, seed: 5).map { $0 * 6 }
            let up = randomValues(count, seed: 6)
            let dy = randomValues(count, seed: 7)
            var y = [Float](repeating: 0, count: count)
            kerf_swiglu_forward(2, count, gate, up, &y)
            expectClose(y, Reference.swiglu(gate: doubles(gate), up: doubles(up)), relative: 1e-6)

            var dGate = dy
            var dUp = [Float](repeating: 0, count: count)
            // In place, as the layers call it.
            dGate.withUnsafeMutableBufferPointer { buffer in
                kerf_swiglu_backward(2, count, gate, up, buffer.baseAddress, buffer.baseAddress, &dUp)
            }
            let byGate = centralDifferences(at: doubles(gate)) {
                dot(Reference.swiglu(gate: $0, up: doubles(up)), doubles(dy))
            }
            let byUp = centralDifferences(at: doubles(up)) {
                dot(Reference.swiglu(gate: doubles(gate), up: $0), doubles(dy))
            }
            expectClose(dGate, byGate, relative: 1e-5)
            expectClose(dUp, byUp, relative: 1e-5)
        }

        @Test func swigluOfLargeGatesIsFinite() {
            let gate: [Float] = [-1000, -90, 90, 1000]
            let up: [Float] = [2, 2, 2, 2]
            var y = [Float](repeating: 0, count: 4)
            kerf_swiglu_forward(1, 4, gate, up, &y)
            #expect(abs(y[0]) < 1e-30 && abs(y[1]) < 1e-30)
            #expect(y[2...] == [180, 2000])
            var dGate = [Float](repeating: 0, count: 4)
            var dUp = dGate
            kerf_swiglu_backward(1, 4, gate, up, [1, 1, 1, 1], &dGate, &dUp)
            #expect(abs(dGate[0]) < 1e-30)
            #expect(dGate[2...] == [2, 2] && dUp[2...] == [90, 1000])
        }
    }
}
