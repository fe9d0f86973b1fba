import ProfileFormat
import Workload

/// What an experiment found, as raw samples.
package struct ExperimentRecord: Sendable {
    package internal(set) var steps: [StepSample] = []
    package internal(set) var layerTimes: [LayerTimes] = []
    /// Whole steps with every instrument on.
    package internal(set) var instrumentedSteps: [StepSample] = []
    /// Steps with instruments on by turns.
    package internal(set) var instrumentationOverheadPairs: [InstrumentationOverheadPair] = []
    /// The counters between the layers of instrumented steps.
    package internal(set) var traces: [StepTrace] = []
    package internal(set) var idleWindows: [EnergyWindow] = []
    package internal(set) var energyWindows: [EnergyWindow] = []
    package internal(set) var rejections: [Rejection] = []
    package internal(set) var overhead = InstrumentationOverhead(
        secondsPerSpan: 0, spansPerStep: 0, secondsPerMeterRead: nil)
    /// The clock at the end of every step and window that was kept, in hertz; empty where nothing tells it.
    package internal(set) var clockHertz: [Double] = []
    /// Looks at the counters in steps that were kept.
    private var sampleCount = 0
    /// Steps that were taken and rejected.
    var rejectedSteps = 0
    /// Why the energy stopped being measured, when a meter failed during the run.
    package internal(set) var meterFailure: String?

    /// - Parameter passes: in the order of a step.
    init(passes: [LayerPass]) {
        layerTimes = passes.map {
            LayerTimes(layer: $0.layer, direction: $0.direction, seconds: [], kernels: [:])
        }
    }

    mutating func append(_ step: InstrumentedStep) {
        for place in layerTimes.indices {
            layerTimes[place].seconds.append(step.seconds[place])
            for (kernel, seconds) in step.kernels[place] {
                layerTimes[place].kernels[kernel.rawValue, default: []].append(seconds)
            }
        }
        instrumentedSteps.append(step.sample)
        if let trace = step.trace, traces.count < ExperimentSettings.mostTraces { traces.append(trace) }
        overhead.spansPerStep = step.spanCount
        sampleCount += step.sampleCount
        if overhead.secondsPerMeterRead != nil {
            overhead.samplesPerStep = Double(sampleCount) / Double(instrumentedSteps.count)
        }
    }

    mutating func append(_ window: EnergyWindow) {
        if window.subject == .idle {
            idleWindows.append(window)
        } else {
            energyWindows.append(window)
        }
    }

    mutating func reject(_ reason: String) {
        if let index = rejections.firstIndex(where: { $0.reason == reason }) {
            rejections[index].count += 1
        } else {
            rejections.append(Rejection(reason: reason, count: 1))
        }
    }

    /// Without a working meter nothing it said before is kept: half a run's energy is not the run's energy.
    mutating func dropEnergy(because reason: String) {
        meterFailure = reason
        idleWindows = []
        energyWindows = []
        traces = []
    }
}
