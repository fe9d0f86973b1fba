import CKernels
import ProfileFormat
import Synchronization
import SystemIO
import Testing
import Workload

@testable import TransformerKernels

extension KernelTests {
    @Suite struct Engines {
        @Test(arguments: MatrixEngines.names, [1, 2, 3])
        func productsInBothDirectionsAndLayouts(name: String, threads: Int) throws {
            let engine = try MatrixEngines.named(name, threadCount: threads)
            #expect(engine.threadCount == threads)
            let layouts: [WeightLayout] = engine.layout == .packed ? [.plain, .packed] : [engine.layout]
            for format in NumberFormat.allCases where (try? engine.check(format)) != nil {
                for (rows, output, input) in [(1, 1, 1), (5, 70, 9), (70, 5, 9), (33, 17, 40), (16, 128, 64)] {
                    for direction in Direction.allCases {
                        for layout in layouts {
                            try check(
                                engine,
                                ProductShape(
                                    rows: rows, outputSize: output, inputSize: input, direction: direction,
                                    source: format, destination: .f32, layout: layout))
                        }
                    }
                }
            }
        }

        /// Against sums in double over operands that are exact in the format.
        private func check(_ engine: any MatrixEngine, _ shape: ProductShape) throws {
            let (m, n, k) = (shape.rows, shape.destinationWidth, shape.sourceWidth)
            let round = shape.source == .bf16 ? BF16.rounded : { $0 }
            let x = randomValues(m * k, seed: 1).map(round)
            let weight = randomValues(shape.outputSize * shape.inputSize, seed: 2).map(round)
            let before = randomValues(m * n, seed: 3)
            let product = try engine.product(shape)
            let packed = try #require(AlignedBuffer(count: product.weightByteCount / 4 + 1))
            let scratch = try #require(AlignedBuffer(count: product.scratchByteCount / 4 + 1))
            try product.pack(weight, into: packed.raw)
            let source: [UInt8] =
                shape.source == .bf16
                ? x.map(BF16.bits).withUnsafeBytes { Array($0) } : x.withUnsafeBytes { Array($0) }
            var expected = [Double](repeating: 0, count: m * n)
            for i in 0..<m {
                for j in 0..<n {
                    expected[i * n + j] = (0..<k).reduce(0.0) { sum, l in
                        let w = shape.direction == .forward ? weight[j * k + l] : weight[l * n + j]
                        return sum + Double(x[i * k + l]) * Double(w)
                    }
                }
            }
            // A product that does not add reads nothing of what was there: it would be NaN.
            var y = [Float](repeating: .nan, count: m * n)
            try product.run(source, weight: packed.raw, addedTo: nil, into: &y, scratch: scratch.raw)
            expectClose(y, expected, relative: 1e-6, "\(shape)")
            let sum = zip(expected, before).map { $0 + Double($1) }
            y = before
            try y.withUnsafeMutableBytes { y in
                try product.run(
                    source, weight: packed.raw, addedTo: y.baseAddress!, into: y.baseAddress!, scratch: scratch.raw)
            }
            expectClose(y, sum, relative: 1e-6, "\(shape), adding to what is there")
            y = [Float](repeating: .nan, count: m * n)
            try product.run(source, weight: packed.raw, addedTo: before, into: &y, scratch: scratch.raw)
            expectClose(y, sum, relative: 1e-6, "\(shape), adding to what lies elsewhere")
        }

        @Test(.enabled(if: computesBF16, "the engine computes no bf16 on this processor"))
        func resultsInBF16AreRounded() throws {
            let engine = try OneDNNEngine(threadCount: 2)
            let product = try engine.product(
                ProductShape(
                    rows: 1, outputSize: 2, inputSize: 2, direction: .forward, source: .bf16, destination: .bf16,
                    layout: .plain))
            let memory = try #require(
                AlignedBuffer(count: (product.weightByteCount + product.scratchByteCount) / 4 + 64))
            try product.pack([1, 0.00390625, 1, 0.0078125], into: memory.raw)
            var y: [UInt16] = [0, 0]
            try product.run(
                [BF16.bits(1), BF16.bits(1)], weight: memory.raw, addedTo: nil, into: &y,
                scratch: memory.raw + product.weightByteCount / 64 * 64 + 64)
            // 1 + 2^-8 lies half way and goes to the even 1; 1 + 2^-7 is exact.
            #expect(y.map(BF16.value) == [1, 1.0078125])
        }

        @Test func bf16IsRefusedWhereItIsNotComputed() throws {
            let error = #expect(throws: KerfError.self) { try OpenBLASEngine(threadCount: 1).check(.bf16) }
            #expect(error?.code == .engineUnavailable && error?.remedy == .f32OrOwnProducts)
            let engine = try OneDNNEngine(threadCount: 1)
            let product = ProductShape(
                rows: 8, outputSize: 64, inputSize: 64, direction: .forward, source: .bf16, destination: .f32,
                layout: .packed)
            guard !computesBF16 else {
                _ = try engine.product(product)
                return
            }
            let refusal = #expect(throws: KerfError.self) { try engine.product(product) }
            #expect(refusal?.code == .engineUnavailable && refusal?.remedy == .f32OrOwnProducts)
        }

        @Test(arguments: MatrixEngines.names)
        func identityIsFilled(name: String) throws {
            let identity = try MatrixEngines.named(name, threadCount: 1).identity
            #expect(identity.name == name)
            #expect(identity.version.split(separator: ".").count == 3)
            #expect(!identity.instructionSet.isEmpty)
        }

        @Test func sizesBeyondOpenBLASsInterfaceAreRefused() throws {
            #expect(throws: KerfError.self) {
                try OpenBLASEngine(threadCount: 1).product(
                    ProductShape(
                        rows: 1, outputSize: 1 << 32, inputSize: 1, direction: .forward, source: .f32,
                        destination: .f32, layout: .plain))
            }
        }

        @Test func unknownEnginesAndThreadCountsAreRefused() {
            #expect(throws: KerfError.self) { try MatrixEngines.named("mkl") }
            #expect(throws: KerfError.self) { try MatrixEngines.named("onednn", threadCount: 0) }
            #expect(throws: KerfError.self) { try MatrixEngines.named("openblas", threadCount: 1 << 20) }
        }

        @Test func teamRunsEveryUnitOnceOnItsThread() throws {
            let runs = Mutex([Int: [Int]]())
            try ThreadTeam(count: 3).run(units: 10) { unit, thread in
                runs.withLock { $0[unit, default: []].append(thread) }
            }
            #expect(runs.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, [$0 % 3]) }))
        }

        @Test func teamPassesErrorsOn() {
            #expect(throws: KerfError(.engineUnavailable, "no")) {
                try ThreadTeam(count: 2).run(units: 4) { unit, _ in
                    if unit == 3 { throw KerfError(.engineUnavailable, "no") }
                }
            }
        }

        @Test func denormalsAreFlushedInsideAndRestored() throws {
            // Denormal operands: 0 when they are flushed.
            let tiny = [Float](repeating: Float.leastNonzeroMagnitude, count: 64)
            var sum = [Float](repeating: 1, count: 32)
            withDenormalsFlushed { kerf_sum_groups(2, 32, 1, 2, 1, tiny, KERF_F32, &sum) }
            #expect(sum.allSatisfy { $0 == 0 })
            kerf_sum_groups(1, 32, 1, 2, 1, tiny, KERF_F32, &sum)
            #expect(sum.allSatisfy { $0 == 2 * Float.leastNonzeroMagnitude })
        }
    }
}
