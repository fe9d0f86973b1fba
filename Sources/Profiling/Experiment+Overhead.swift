import Calibration
import ProbeKit
import TransformerKernels

/// What the harness itself costs.
extension Experiment {
    /// Seconds of one kernel mark, from many empty ones.
    func secondsPerSpan() -> Double {
        let count = 4096
        let timeline = KernelTimeline(capacity: count)
        timeline.isRecording = true
        let began = clock.now()
        for _ in 0..<count { timeline.measure(.gradientConversion) {} }
        return clock.now().seconds(since: began) / Double(count)
    }

    /// Seconds of one look at the counters between layers; `nil` without a meter.
    func secondsPerMeterRead() throws -> Double? {
        guard let meter = gauge.meter else { return nil }
        let count = 64
        let accounts = meter.countsProcessorTime ? ThreadAccounts() : nil
        var microjoules: [UInt64] = []
        microjoules.reserveCapacity(count * meter.tree.counted.count)
        let began = clock.now()
        for _ in 0..<count {
            accounts?.settle()
            _ = try meter.readTotal(into: &microjoules)
        }
        return clock.now().seconds(since: began) / Double(count)
    }

    /// The share of a step's looks that cost no more than ``ExperimentSettings/looksShare`` of its time.
    var lookShare: Double {
        guard let seconds = record.overhead.secondsPerMeterRead, seconds > 0 else { return 1 }
        let affordable = ExperimentSettings.looksShare * plannedStepSeconds / seconds
        return max(0, min(1, (affordable - 1) / Double(step.passes.count)))
    }
}
