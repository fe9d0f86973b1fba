import CKernels
import Synchronization
import Testing

@testable import TransformerKernels

extension KernelTests {
    @Suite struct Engines {
        @Test(arguments: MatrixEngines.names, [1, 2, 3])
        func productsWithEveryTranspose(name: String, threads: Int) throws {
            let engine = try MatrixEngines.named(name, threadCount: threads)
            #expect(engine.threadCount == threads)
            for (m, n, k) in [(1, 1, 1), (5, 70, 9), (70, 5, 9), (33, 17, 40)] {
                for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
                    // Rows longer than they need be.
                    let lda = (transposeA ? m : k) + 3
                    let ldb = (transposeB ? k : n) + 2
                    let ldc = n + 1
                    let a = randomValues(lda * (transposeA ? k : m), seed: 1)
                    let b = randomValues(ldb * (transposeB ? n : k), seed: 2)
                    let before = randomValues(ldc * m, seed: 3)
                    var c = before
                    try engine.gemm(
                        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 0.5, a: a, lda: lda,
                        b: b, ldb: ldb, beta: 2, c: &c, ldc: ldc)
                    var expected = doubles(before)
                    for i in 0..<m {
                        for j in 0..<n {
                            let sum = (0..<k).reduce(0.0) { sum, l in
                                sum + Double(transposeA ? a[l * lda + i] : a[i * lda + l])
                                    * Double(transposeB ? b[j * ldb + l] : b[l * ldb + j])
                            }
                            expected[i * ldc + j] = 0.5 * sum + 2 * expected[i * ldc + j]
                        }
                    }
                    expectClose(c, expected, relative: 1e-6, "\(m)x\(n)x\(k)")
                }
            }
        }

        /// A sum over the memory's former contents would be NaN.
        @Test(arguments: MatrixEngines.names)
        func betaZeroReadsNothing(name: String) throws {
            var c = [Float](repeating: .nan, count: 4)
            try MatrixEngines.named(name).gemm(
                transposeA: false, transposeB: false, m: 2, n: 2, k: 1, alpha: 1, a: [1, 2], lda: 1, b: [3, 4],
                ldb: 2, beta: 0, c: &c, ldc: 2)
            #expect(c == [3, 4, 6, 8])
        }

        @Test(arguments: MatrixEngines.names)
        func identityIsFilled(name: String) throws {
            let identity = try MatrixEngines.named(name, threadCount: 1).identity
            #expect(identity.name == name)
            #expect(identity.version.split(separator: ".").count == 3)
            #expect(!identity.instructionSet.isEmpty)
        }

        @Test(arguments: MatrixEngines.names)
        func rowsShorterThanTheirMatrixAreRefused(name: String) throws {
            var c = [Float](repeating: 7, count: 4)
            #expect(throws: KernelError.self) {
                try MatrixEngines.named(name).gemm(
                    transposeA: false, transposeB: false, m: 2, n: 2, k: 2, alpha: 1, a: [1, 2, 3, 4], lda: 1,
                    b: [1, 2, 3, 4], ldb: 2, beta: 0, c: &c, ldc: 2)
            }
            #expect(c == [7, 7, 7, 7])
        }

        @Test func sizesBeyondOpenBLASsInterfaceAreRefused() throws {
            var c: Float = 0
            #expect(throws: KernelError.self) {
                try OpenBLASEngine(threadCount: 1).gemm(
                    transposeA: false, transposeB: false, m: 1, n: 1 << 32, k: 1, alpha: 1, a: [1], lda: 1, b: [1],
                    ldb: 1 << 32, beta: 0, c: &c, ldc: 1 << 32)
            }
        }

        @Test func unknownEnginesAndThreadCountsAreRefused() {
            #expect(throws: KernelError.self) { try MatrixEngines.named("mkl") }
            #expect(throws: KernelError.self) { try MatrixEngines.named("onednn", threadCount: 0) }
            #expect(throws: KernelError.self) { try MatrixEngines.named("openblas", threadCount: 1 << 20) }
        }

        @Test func teamRunsEveryUnitOnceOnItsThread() throws {
            let runs = Mutex([Int: [Int]]())
            try ThreadTeam(count: 3).run(units: 10) { unit, thread in
                runs.withLock { $0[unit, default: []].append(thread) }
            }
            #expect(runs.withLock { $0 } == Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, [$0 % 3]) }))
        }

        @Test func teamPassesErrorsOn() {
            #expect(throws: KernelError(.engine, "no")) {
                try ThreadTeam(count: 2).run(units: 4) { unit, _ in
                    if unit == 3 { throw KernelError(.engine, "no") }
                }
            }
        }

        @Test func denormalsAreFlushedInsideAndRestored() throws {
            // Denormal operands: 0 when they are flushed.
            let tiny = [Float](repeating: Float.leastNonzeroMagnitude, count: 64)
            var sum = tiny
            withDenormalsFlushed { kerf_add(2, 64, tiny, tiny, &sum) }
            #expect(sum.allSatisfy { $0 == 0 })
            kerf_add(1, 64, tiny, tiny, &sum)
            #expect(sum.allSatisfy { $0 == 2 * Float.leastNonzeroMagnitude })
        }
    }
}
