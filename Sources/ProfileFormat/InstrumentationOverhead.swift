/// The harness's own cost.
public struct InstrumentationOverhead: Codable, Sendable, Hashable {
    /// One kernel mark: two clock reads and an append.
    public var secondsPerSpan: Double
    public var spansPerStep: Int
    /// One look at the counters between layers, as it takes within steps; `nil` without a meter.
    public var secondsPerMeterRead: Double?
    /// Mean of the steps with instruments; `nil` without a meter.
    public var samplesPerStep: Double?

    public init(
        secondsPerSpan: Double, spansPerStep: Int, secondsPerMeterRead: Double?, samplesPerStep: Double? = nil
    ) {
        self.secondsPerSpan = secondsPerSpan
        self.spansPerStep = spansPerStep
        self.secondsPerMeterRead = secondsPerMeterRead
        self.samplesPerStep = samplesPerStep
    }

    /// What all marks and looks of a step take, without what they do to the caches.
    public var secondsPerStep: Double {
        Double(spansPerStep) * secondsPerSpan + (samplesPerStep ?? 0) * (secondsPerMeterRead ?? 0)
    }
}
