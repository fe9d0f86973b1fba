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
        for _ in 0..<count { timeline.measure(.residual) {} }
        return clock.now().seconds(since: began) / Double(count)
    }

    /// Seconds of one look at all counters; `nil` without a meter.
    func secondsPerMeterRead() throws -> Double? {
        guard let meter = gauge.meter else { return nil }
        let count = 64
        let began = clock.now()
        for _ in 0..<count { _ = try meter.read() }
        return clock.now().seconds(since: began) / Double(count)
    }
}
