import Synchronization
import SystemIO

/// A fixed piece of work whose time shows how fast a processor is where nothing else does.
///
/// A virtual machine has no cpufreq, and no steal time for what its neighbors do to the processor's shared parts: its
/// hyperthreads, its power budget, its caches and memory. They lengthen everything by 20 to 100 % for seconds or minutes. Some
/// two thirds of the time are arithmetic and one third is reading memory, each of which a neighbor can slow down alone.
package enum ReferenceLoop {
    /// The time of the work on the calling thread: the least of several runs, so that an interrupt does not count. Takes
    /// about a millisecond; the first time, some tens for memory.
    package static func seconds() -> Double { seconds(iterations: iterations) }

    static func seconds(iterations: Int) -> Double {
        let memory = memory
        var least = Double.infinity
        for _ in 0..<repetitions {
            let began = MonotonicInstant.now()
            run(iterations)
            memory.readNext()
            least = min(least, MonotonicInstant.now().seconds(since: began))
        }
        return least
    }

    /// Written by every run. A function without any effect might be run once, and not between the two readings of the clock.
    private static let result = Atomic<UInt32>(0)

    static let repetitions = 5
    /// Some 500,000 cycles: short beside a window, long beside an interrupt.
    static let iterations = 60_000

    /// Eight independent chains of multiplications and additions: as many as keep both units of today's cores busy, so
    /// that a second hyperthread on the core is felt.
    ///
    /// - Returns: the sum of all chains.
    @inline(never) @discardableResult
    static func run(_ iterations: Int) -> Float {
        var (a, b) = (SIMD4<Float>(repeating: 1), SIMD4<Float>(repeating: 2))
        var (c, d) = (SIMD4<Float>(repeating: 3), SIMD4<Float>(repeating: 4))
        var (e, f, g, h) = (a + 4, b + 4, c + 4, d + 4)
        let (factor, term): (Float, Float) = (0.999, 0.001)
        for _ in 0..<iterations {
            a = a * factor + term
            b = b * factor + term
            c = c * factor + term
            d = d * factor + term
            e = e * factor + term
            f = f * factor + term
            g = g * factor + term
            h = h * factor + term
        }
        let sum = (((a + b) + (c + d)) + ((e + f) + (g + h))).sum()
        result.store(sum.bitPattern, ordering: .relaxed)
        return sum
    }

    private static let memory = Memory()

    /// Memory that is read a piece at a time, in turn. No core's own cache holds it all, so that each piece comes from
    /// what the cores share.
    final class Memory: Sendable {
        static let byteCount = 64 << 20
        static let pieceBytes = 1 << 20
        /// Lives as long as the program. Only read after it was filled.
        private let address: UInt
        private let piece = Atomic<Int>(0)

        init() {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.byteCount, alignment: 64)
            // A page that was never written would be the one page of zeros that all share.
            memory.initializeMemory(as: UInt32.self, repeating: 1, count: Self.byteCount / 4)
            address = UInt(bitPattern: memory)
        }

        deinit { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }

        /// - Returns: the sum of the numbers in the piece.
        @inline(never) @discardableResult
        func readNext() -> UInt32 {
            let number = piece.wrappingAdd(1, ordering: .relaxed).oldValue
            let offset = number % (Self.byteCount / Self.pieceBytes) * Self.pieceBytes
            guard let start = UnsafeRawPointer(bitPattern: address + UInt(offset)) else { return 0 }
            var sum = SIMD16<UInt32>.zero
            for place in stride(from: 0, to: Self.pieceBytes, by: MemoryLayout<SIMD16<UInt32>>.size) {
                sum &+= start.load(fromByteOffset: place, as: SIMD16<UInt32>.self)
            }
            let total = sum.wrappedSum()
            ReferenceLoop.result.store(total, ordering: .relaxed)
            return total
        }
    }
}
