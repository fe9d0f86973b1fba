import Synchronization
import SystemIO

/// A fixed piece of arithmetic whose time shows how fast a processor is where nothing else does.
///
/// A virtual machine has no cpufreq, and no steal time for what its neighbors do to the processor's shared parts: its
/// hyperthreads, its power budget, its caches. They lengthen everything by 20 to 100 % for seconds or minutes.
package enum ReferenceLoop {
    /// The time of the loop on the calling thread: the least of several runs, so that an interrupt does not count. Takes
    /// about a millisecond.
    package static func seconds() -> Double { seconds(iterations: iterations) }

    static func seconds(iterations: Int) -> Double {
        var least = Double.infinity
        for _ in 0..<repetitions {
            let began = MonotonicInstant.now()
            run(iterations)
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
    /// that a second hyperthread on the core is felt. No memory is touched, so that the caches stay as the work left them.
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
}
