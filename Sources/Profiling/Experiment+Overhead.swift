import Estimation
import ProbeKit
import ProfileFormat
import Statistics
import SystemIO
import TransformerKernels
import Workload

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

    /// Seconds of one look at the counters, one after the other; `nil` without a meter. What a look takes within steps
    /// is known after the first.
    func secondsPerMeterRead() throws -> Double? {
        guard let meter = gauge.meter else { return nil }
        let count = 64
        let accounts = meter.countsProcessorTime ? ThreadCPUClocks() : nil
        var microjoules: [UInt64] = []
        microjoules.reserveCapacity(count * meter.tree.counted.count)
        let began = clock.now()
        for _ in 0..<count {
            accounts?.flush()
            _ = try MeterFailure.marking { () throws(KerfError) in try meter.readTotal(into: &microjoules) }
        }
        return clock.now().seconds(since: began) / Double(count)
    }

    /// Whether the next step with instruments looks at the counters, between all its passes: so many do, evenly spread, that
    /// looks cost no more than ``ExperimentSettings/samplingShare`` of the time of all. None does where a sensor trails: it shows
    /// the layers before.
    func nextStepSamples() -> Bool {
        guard trailingSeconds == 0 else { return false }
        guard let seconds = record.overhead.secondsPerMeterRead, seconds > 0 else { return gauge.meter != nil }
        let looks = ExperimentSettings.samplingShare * plannedStepSeconds / seconds
        stepsToSample += min(1, looks / Double(step.passes.count + 1))
        guard stepsToSample >= 1 else { return false }
        stepsToSample -= 1
        return true
    }

    /// Prices looks by what they took within steps so far.
    func recordSamples(of recorder: StepRecorder) {
        let seconds = recorder.samplingTimes
        guard !seconds.isEmpty else { return }
        samplesTaken.seconds += seconds.reduce(0, +)
        samplesTaken.count += seconds.count
        record.overhead.secondsPerMeterRead = samplesTaken.seconds / Double(samplesTaken.count)
    }

    /// How often steps may still be taken to learn what instruments cost: no more when that is known within
    /// ``ExperimentSettings/overheadHalfWidth``, or learning it has had its share of the budget.
    func overheadTasksLeft() -> Int {
        let pairs = record.instrumentationOverheadPairs
        guard settings.measuresInstrumentationOverhead, pairs.count < ExperimentSettings.maximumOverheadPairs else {
            return 0
        }
        // A pair has a difference for every pass, and one pair tells no scatter of its looks.
        overheadPlan.look(count: pairs.count < 2 ? 0 : pairs.count * step.passes.count) {
            let ratio = InstrumentationOverheadEstimate.ratio(of: pairs, confidence: settings.confidence)
            return (ratio?.halfWidth ?? .infinity) / ExperimentSettings.overheadHalfWidth
        }
        guard !overheadPlan.isSettled else { return 0 }
        let secondsLeft = ExperimentSettings.overheadShare * settings.budgetSeconds - overheadSeconds
        let most = Double(ExperimentSettings.maximumOverheadPairs)
        return Int(max(0, min(most, secondsLeft / planned(.ownCost))))
    }

    /// Steps with instruments on by turns: two, or as many as fill a window. The passes that had instruments tell their
    /// times as those of other steps do.
    func takeOverheadPairs() throws {
        let began = clock.now()
        let pair = pairCount
        pairCount += 1
        try warmForBurst()
        var recorder = makeRecorder(mostSteps: isBurst ? 2 * ExperimentSettings.longestBurst : 2)
        try takeEnergyWindow(.instrumentedStep) {
            var count = 0
            try burst {
                try recorder.runInterleaved(isSampling: nextStepSamples(), using: &generator, checkpoint: checkpoint)
                count += 2
            }
            return (nil, count)
        } keep: {
            record.instrumentationOverheadPairs += recorder.instrumentationOverheadPairs()
            recorder.interleavedSteps(pair: pair).forEach { record.append($0) }
        }
        overheadSeconds += clock.now().seconds(since: began)
    }
}
