/// What the instruments of a run cost.
public struct InstrumentationOverhead: Codable, Sendable, Hashable {
    /// One kernel mark: two clock reads and an append.
    public var secondsPerSpan: Double
    public var spansPerStep: Int
    /// One reading of the meter between layers, as measured within steps; `nil` without a meter.
    public var secondsPerMeterRead: Double?
    /// Mean over the steps with instruments; `nil` without a meter.
    public var samplesPerStep: Double?

    public init(
        secondsPerSpan: Double, spansPerStep: Int, secondsPerMeterRead: Double?, samplesPerStep: Double? = nil
    ) {
        self.secondsPerSpan = secondsPerSpan
        self.spansPerStep = spansPerStep
        self.secondsPerMeterRead = secondsPerMeterRead
        self.samplesPerStep = samplesPerStep
    }

    /// Time of all marks and readings of a step, without their effect on the caches.
    public var secondsPerStep: Double {
        Double(spansPerStep) * secondsPerSpan + (samplesPerStep ?? 0) * (secondsPerMeterRead ?? 0)
    }
}

/// Two interleaved steps, one right after the other. In the first a coin decided for every pass whether instruments were
/// on, in the second they were on where they had been off.
public struct InstrumentationOverheadPair: Codable, Sendable, Hashable {
    /// Seconds of every pass, in the step's order, in the step in which its kernels were marked and the meter was read
    /// before it.
    public var instrumentedSeconds: [Double]
    /// Seconds of the same passes in the other step.
    public var plainSeconds: [Double]
    /// Time between passes where the meter was read, less that where it was not, summed.
    public var samplingSeconds: Double

    public init(instrumentedSeconds: [Double], plainSeconds: [Double], samplingSeconds: Double) {
        self.instrumentedSeconds = instrumentedSeconds
        self.plainSeconds = plainSeconds
        self.samplingSeconds = samplingSeconds
    }
}
