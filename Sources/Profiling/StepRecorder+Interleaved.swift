import ProfileFormat
import Statistics

/// Steps with instruments on by turns.
extension StepRecorder {
    /// Runs two steps: in the first a coin decides for every pass whether instruments are on, in the second they are on
    /// where they were off. See ``InstrumentationOverheadEstimate``.
    mutating func runInterleaved(
        isSampling: Bool, using generator: inout SeededGenerator, checkpoint: () throws -> Void
    ) throws {
        let heads = (0...order.count).map { _ in Bool.random(using: &generator) }
        try take(isInstrumented: heads, isSampling: isSampling, checkpoint: checkpoint)
        try take(isInstrumented: heads.map { !$0 }, isSampling: isSampling, checkpoint: checkpoint)
    }

    /// What was recorded by turns, two steps at a time.
    func instrumentationOverheadPairs() -> [InstrumentationOverheadPair] {
        firstsByTurns.map { first in
            let passes = byTurns(seconds(of:step:), places: order.count, first)
            let looks = looksByTurns(first)
            return InstrumentationOverheadPair(
                instrumentedSeconds: passes.on, plainSeconds: passes.off,
                samplingSeconds: looks.on.reduce(0, +) - looks.off.reduce(0, +))
        }
    }

    /// The passes of two steps that had instruments on, which are one step with instruments.
    ///
    /// - Parameter pair: a number of their own.
    func interleavedSteps(pair: Int) -> [InstrumentedStep] {
        firstsByTurns.map { first in
            let both = [first, first + 1]
            let seconds = byTurns(seconds(of:step:), places: order.count, first).on
            let sample = StepSample(
                seconds: seconds.reduce(0, +) + looksByTurns(first).on.reduce(0, +),
                cpuSeconds: both.reduce(0) { $0 + taken[$1].sample.cpuSeconds / 2 }, pair: pair)
            return InstrumentedStep(
                seconds: seconds, kernels: kernels(ofSteps: both),
                spanCount: both.reduce(0) { $0 + taken[$1].spans.count },
                sampleCount: both.reduce(0) { $0 + taken[$1].looks.count }, sample: sample)
        }
    }

    private var firstsByTurns: StrideTo<Int> { stride(from: 0, to: taken.count - 1, by: 2) }

    /// What lies between the passes. Without a meter there are no looks, and it may be a load.
    private func looksByTurns(_ first: Int) -> (on: [Double], off: [Double]) {
        meter == nil ? ([], []) : byTurns(secondsBefore(pass:step:), places: order.count + 1, first)
    }

    /// A value of each place, from the step in which instruments were on there, and from the one in which they were off.
    private func byTurns(
        _ value: (_ place: Int, _ step: Int) -> Double, places: Int, _ first: Int
    ) -> (on: [Double], off: [Double]) {
        let isOnFirst = taken[first].isInstrumented
        return (
            (0..<places).map { value($0, isOnFirst[$0] ? first : first + 1) },
            (0..<places).map { value($0, isOnFirst[$0] ? first + 1 : first) }
        )
    }
}
