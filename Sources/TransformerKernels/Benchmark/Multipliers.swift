import CKernels
import Workload

/// The processor's multiply-add units.
package enum Multipliers {
    /// Time of a measurement, in seconds: long enough for the clock to settle.
    private static let seconds = 0.01

    /// FLOP/s that the units sustain on operands in registers: what no product with multiply-add instructions exceeds. In
    /// bf16 the faster way counts, as f32 or as pairs; tiles (AMX) are not among them.
    package static func flopsPerSecond(format: NumberFormat, threadCount: Int) -> Double {
        let converted = kerf_multiplier_rate(Int32(threadCount), false, seconds)
        guard format == .bf16 else { return converted }
        return max(converted, kerf_multiplier_rate(Int32(threadCount), true, seconds))
    }
}
