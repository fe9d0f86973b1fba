import ProfileFormat
import SystemIO
import Workload

/// What an experiment found, as raw samples.
package struct ExperimentRecord: Sendable {
    package private(set) var steps: [StepSample] = []
    package private(set) var layerTimes: [LayerTimes] = []
    /// Whole steps with every instrument on.
    package private(set) var instrumentedSteps: [StepSample] = []
    package private(set) var instrumentationOverheadPairs: [InstrumentationOverheadPair] = []
    /// The counters between the layers of instrumented steps.
    package private(set) var traces: [StepTrace] = []
    package private(set) var idleWindows: [EnergyWindow] = []
    package private(set) var energyWindows: [EnergyWindow] = []
    package private(set) var rejections: [Rejection] = []
    package internal(set) var overhead = InstrumentationOverhead(
        secondsPerSpan: 0, spansPerStep: 0, secondsPerMeterRead: nil)
    /// The frequency at the end of every step and window that was kept, in hertz; empty where it is not known.
    package private(set) var frequencyHertz: [Double] = []
    /// The time of a fixed piece of arithmetic at every step and window that was kept; empty where it was not taken.
    package private(set) var referenceSeconds: [Double] = []
    /// Why the energy stopped being measured, when a meter failed during the run.
    package private(set) var meterFailure: String?
    /// Why the meter reported nothing any more from some moment on, where what it had reported is kept.
    package private(set) var meterEnd: String?
    /// Whether every quantity had as many observations as its plan asked for when the run ended; otherwise the budget ended
    /// it, or the step failed.
    package internal(set) var isSettled = false
    /// Why the run ended early, when the step failed after enough samples.
    package internal(set) var stepFailure: KerfError?
    /// Seconds from the start of the run, whose first experiment this need not be, to the start of this one.
    package internal(set) var startSeconds = 0.0
    /// Readings of the meter in steps that were kept.
    private var sampleCount = 0
    /// Steps that were taken and rejected.
    private(set) var rejectedSteps = 0

    /// - Parameter passes: in the order of a step.
    init(passes: [LayerPass]) {
        layerTimes = passes.map {
            LayerTimes(layer: $0.layer, direction: $0.direction, seconds: [], kernels: [:])
        }
    }

    /// Two bursts of each kind: the minimum that gives an interval.
    var hasMinimumSamples: Bool { minimumBurstCount >= 2 }

    /// The smaller of the numbers of bursts with and without instruments.
    var minimumBurstCount: Int { min(bursts(steps), bursts(instrumentedSteps)) }

    private func bursts(_ steps: [StepSample]) -> Int { Set(steps.map(\.pair)).count }

    /// Takes an observation's samples and its window, or why they are not used.
    mutating func append(_ observation: Observation) {
        if observation.measurement.isUndisturbed {
            // Of a burst without instruments, as many as are kept.
            steps += observation.plainSteps.prefix(ExperimentSettings.maximumBurst)
            instrumentationOverheadPairs += observation.overheadPairs
            for step in observation.instrumentedSteps { append(step) }
        }
        append(observation.measurement)
    }

    /// Forgets all observations, and why they were rejected.
    mutating func removeObservations() {
        let empty = ExperimentRecord(
            passes: layerTimes.map { LayerPass(layer: $0.layer, direction: $0.direction) })
        let (overhead, failure, end) = (overhead, meterFailure, meterEnd)
        self = empty
        (self.overhead, meterFailure, meterEnd) = (overhead, failure, end)
    }

    private mutating func append(_ step: InstrumentedStep) {
        for place in layerTimes.indices {
            layerTimes[place].seconds.append(step.seconds[place])
            for (kernel, seconds) in step.kernels[place] {
                layerTimes[place].kernels[kernel.rawValue, default: []].append(seconds)
            }
        }
        instrumentedSteps.append(step.sample)
        if let trace = step.trace, traces.count < ExperimentSettings.maximumTraces { traces.append(trace) }
        overhead.spansPerStep = step.markCount
        sampleCount += step.sampleCount
        if overhead.secondsPerMeterRead != nil {
            overhead.samplesPerStep = Double(sampleCount) / Double(instrumentedSteps.count)
        }
    }

    private mutating func append(_ measurement: Measurement) {
        let subject = measurement.subject
        if !measurement.isUndisturbed, subject == .step || subject == .instrumentedStep {
            rejectedSteps += measurement.iterations
        }
        if measurement.isUndisturbed {
            if let hertz = measurement.frequencyHertz { frequencyHertz.append(hertz) }
            if let seconds = measurement.referenceSeconds { referenceSeconds.append(seconds) }
        }
        if let reason = measurement.rejection { reject("\(subject.rawValue) window: \(reason)") }
        if let reason = measurement.meterFailure { dropEnergy(because: reason) }
        if let reason = measurement.meterEnd { meterEnd = reason }
        guard let window = measurement.window else { return }
        if subject == .idle {
            idleWindows.append(window)
        } else {
            energyWindows.append(window)
        }
    }

    /// Counts the passes that have no window because the meter is too slow for the budget.
    mutating func noteNotLooped(because reason: String) {
        reject("\(EnergyWindow.Subject.layer.rawValue) window: \(reason)", count: layerTimes.count)
    }

    private mutating func reject(_ reason: String, count: Int = 1) {
        if let index = rejections.firstIndex(where: { $0.reason == reason }) {
            rejections[index].count += count
        } else {
            rejections.append(Rejection(reason: reason, count: count))
        }
    }

    /// Once the meter has failed, nothing it reported before is kept: half a run's energy is not the run's energy.
    mutating func dropEnergy(because reason: String) {
        meterFailure = reason
        idleWindows = []
        energyWindows = []
        traces = []
    }
}

/// One task's energy window, and what the box did meanwhile.
struct Measurement {
    var subject: EnergyWindow.Subject
    /// How often the subject ran; 0 for the idle box and when the meter failed.
    var iterations = 0
    /// Whether samples that were taken meanwhile may be used.
    var isUndisturbed = false
    /// Why the samples, or the window alone, are not used.
    var rejection: String?
    /// `nil` without a meter, and when the window is not used.
    var window: EnergyWindow?
    /// The frequency at the end, in hertz, where it is known.
    var frequencyHertz: Double?
    /// The time of a fixed piece of arithmetic, the longer of those before and after, where it was taken.
    var referenceSeconds: Double?
    /// When it began; `nil` where the meter failed in it.
    var began: MonotonicInstant?
    /// Wall time, with waits for the counters.
    var tookSeconds = 0.0
    /// Why the meter cannot be used from now on, nor what it reported before.
    var meterFailure: String?
    /// Why the meter cannot be used from now on, where what it reported before is kept.
    var meterEnd: String?
}

/// What one task of an experiment found.
struct Observation {
    var measurement: Measurement
    var plainSteps: [StepSample] = []
    var instrumentedSteps: [InstrumentedStep] = []
    var overheadPairs: [InstrumentationOverheadPair] = []
}

extension Measurement {
    /// This measurement as one that the box disturbed.
    func rejected(because disturbance: Disturbance) -> Measurement {
        var rejected = self
        (rejected.isUndisturbed, rejected.rejection, rejected.window) = (false, disturbance.rawValue, nil)
        return rejected
    }
}
