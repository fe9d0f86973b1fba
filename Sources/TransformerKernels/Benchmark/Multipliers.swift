import Workload

/// The processor's multiply-add units, and its tiles where it has some.
package enum Multipliers {
    /// Time of a measurement, in seconds: long enough for the clock to settle.
    private static let seconds = 0.01

    /// FLOP/s that they sustain on operands in registers, which no product exceeds. In bf16 the fastest way counts: as f32,
    /// as pairs, or in tiles.
    package static func flopsPerSecond(format: NumberFormat, threadCount: Int) -> Double {
        guard let set = KerfEngine.instructionSets.last else { return 0 }
        return (format == .bf16 ? [false, true] : [false]).map {
            set.flopsPerSecond(pairs: $0, threadCount: threadCount, seconds: seconds)
        }.max() ?? 0
    }
}
