/// Which instrumented steps read the meter between all their passes: so many, evenly spread, that readings cost at most
/// ``ExperimentSettings/samplingShare`` of the time of all steps.
struct SamplingPlan: Sendable {
    /// What one reading costs, first in a loop and then within steps; `nil` without a meter.
    var secondsPerSample: Double?
    /// Readings within steps so far.
    private var samples = (count: 0, seconds: 0.0)
    /// Steps whose readings can be afforded; the first step reads the meter.
    private var affordableSteps = 1.0

    /// - Parameters:
    ///   - stepSeconds: what a step is planned to take.
    ///   - boundaries: readings in a step.
    mutating func nextStepSamples(stepSeconds: Double, boundaries: Int, isMetered: Bool) -> Bool {
        guard let secondsPerSample, secondsPerSample > 0 else { return isMetered }
        let samples = ExperimentSettings.samplingShare * stepSeconds / secondsPerSample
        affordableSteps += min(1, samples / Double(boundaries))
        guard affordableSteps >= 1 else { return false }
        affordableSteps -= 1
        return true
    }

    /// Updates the cost of a reading by what readings took within steps.
    mutating func add(_ seconds: [Double]) {
        guard !seconds.isEmpty else { return }
        samples.seconds += seconds.reduce(0, +)
        samples.count += seconds.count
        secondsPerSample = samples.seconds / Double(samples.count)
    }
}
