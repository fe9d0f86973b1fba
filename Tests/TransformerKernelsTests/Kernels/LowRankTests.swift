import CKernels
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    /// LoRA's products, against sums in double: every rank below, at and above a tile, widths that are not a multiple of
    /// 16, and row counts with a remainder.
    @Suite struct LowRank {
        struct Case: CustomStringConvertible {
            var rows: Int
            var width: Int
            var rank: Int
            var description: String { "\(rows) rows of \(width), rank \(rank)" }
        }

        static let cases = [
            Case(rows: 1, width: 1, rank: 1), Case(rows: 7, width: 37, rank: 3), Case(rows: 35, width: 48, rank: 8),
            Case(rows: 66, width: 101, rank: 13), Case(rows: 4, width: 160, rank: 16),
        ]

        @Test(arguments: cases, NumberFormat.allCases)
        func productsAndTheirGradients(shape: Case, format: NumberFormat) {
            let (rows, width, rank) = (shape.rows, shape.width, shape.rank)
            let round = format == .bf16 ? BF16.rounded : { $0 }
            let x = randomValues(rows * width, seed: 1).map(round)
            let p = randomValues(rank * width, seed: 2)
            let bytes: [UInt8] =
                format == .bf16 ? x.map(BF16.bits).withUnsafeBytes { Array($0) } : x.withUnsafeBytes { Array($0) }
            var panels = [Float](repeating: .nan, count: (width + 15) / 16 * 16 * rank)
            kerf_low_rank_panels(2, width, rank, p, false, &panels)

            var t = [Float](repeating: .nan, count: rows * rank)
            kerf_low_rank_project(2, rows, width, rank, format.kernel, bytes, panels, 0.5, &t, rank)
            let projected = (0..<rows * rank).map { index in
                0.5
                    * (0..<width).reduce(0.0) {
                        $0 + Double(x[index / rank * width + $1]) * Double(p[index % rank * width + $1])
                    }
            }
            expectClose(t, projected, relative: 1e-6, "project")

            var g = [Float](repeating: .nan, count: rank * width)
            kerf_low_rank_outer(2, rows, width, rank, t, rank, format.kernel, bytes, &g)
            let outer = (0..<rank * width).map { index in
                (0..<rows).reduce(0.0) {
                    $0 + Double(t[$1 * rank + index / width]) * Double(x[$1 * width + index % width])
                }
            }
            expectClose(g, outer, relative: 1e-6, "outer")

            guard format == .f32 else { return }
            let expanded = (0..<rows * width).map { index in
                (0..<rank).reduce(0.0) {
                    $0 + Double(t[index / width * rank + $1]) * Double(p[$1 * width + index % width])
                }
            }
            var again = g
            var y = [Float](repeating: .nan, count: rows * width)
            kerf_low_rank_expand(2, rows, width, rank, t, rank, panels, KERF_F32, nil, &y)
            expectClose(y, expanded, relative: 1e-6, "expand")
            let sum = zip(expanded, x).map { $0 + Double($1) }
            var elsewhere = [Float](repeating: .nan, count: rows * width)
            kerf_low_rank_expand(2, rows, width, rank, t, rank, panels, KERF_F32, x, &elsewhere)
            expectClose(elsewhere, sum, relative: 1e-6, "expand, on what lies elsewhere")
            y = x
            y.withUnsafeMutableBufferPointer { y in
                kerf_low_rank_expand(
                    2, rows, width, rank, t, rank, panels, KERF_F32, y.baseAddress, y.baseAddress!)
            }
            #expect(y == elsewhere)

            // Some columns of a wider t give the same bits, and the others stay.
            let stride = rank + 3
            var wide = [Float](repeating: 7, count: rows * stride)
            wide.withUnsafeMutableBufferPointer { wide in
                let slice = wide.baseAddress! + 2
                kerf_low_rank_project(2, rows, width, rank, KERF_F32, bytes, panels, 0.5, slice, stride)
                kerf_low_rank_outer(2, rows, width, rank, slice, stride, KERF_F32, bytes, &again)
                kerf_low_rank_expand(2, rows, width, rank, slice, stride, panels, KERF_F32, x, &y)
            }
            #expect(y == elsewhere && again == g)
            for (index, value) in wide.enumerated() {
                let column = index % stride - 2
                #expect(value == ((0..<rank).contains(column) ? t[index / stride * rank + column] : 7))
            }
        }

        @Test(arguments: cases)
        func panelsOfATransposeAreTheSame(shape: Case) {
            let (width, rank) = (shape.width, shape.rank)
            let p = randomValues(rank * width, seed: 3)
            var transpose = p
            kerf_transpose(2, rank, width, p, &transpose)
            #expect(transpose == (0..<rank * width).map { p[$0 % rank * width + $0 / rank] })
            var panels = [[Float]](repeating: [Float](repeating: .nan, count: (width + 15) / 16 * 16 * rank), count: 2)
            kerf_low_rank_panels(2, width, rank, p, false, &panels[0])
            kerf_low_rank_panels(1, width, rank, transpose, true, &panels[1])
            #expect(panels[0] == panels[1])
        }

        /// Rounding happens once, at the end.
        @Test func expansionIntoBF16() {
            let (rows, width, rank) = (5, 50, 4)
            let t = randomValues(rows * rank, seed: 4)
            let p = randomValues(rank * width, seed: 5)
            var panels = [Float](repeating: 0, count: 64 * rank)
            kerf_low_rank_panels(1, width, rank, p, false, &panels)
            var exact = [Float](repeating: 0, count: rows * width)
            kerf_low_rank_expand(1, rows, width, rank, t, rank, panels, KERF_F32, nil, &exact)
            var halves = [UInt16](repeating: 0, count: rows * width)
            kerf_low_rank_expand(2, rows, width, rank, t, rank, panels, KERF_BF16, nil, &halves)
            #expect(halves == exact.map(BF16.bits))
        }
    }
}
