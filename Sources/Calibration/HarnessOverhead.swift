/// The harness's own cost.
public struct HarnessOverhead: Codable, Sendable, Hashable {
    /// One kernel mark: two clock reads and an append.
    public var secondsPerSpan: Double
    public var spansPerStep: Int
    /// One look at the counters between layers; `nil` without a meter.
    public var secondsPerMeterRead: Double?

    public init(secondsPerSpan: Double, spansPerStep: Int, secondsPerMeterRead: Double?) {
        self.secondsPerSpan = secondsPerSpan
        self.spansPerStep = spansPerStep
        self.secondsPerMeterRead = secondsPerMeterRead
    }

    /// What all marks and readings of a step take, each at its cost alone.
    public func seconds(readsPerStep: Double) -> Double {
        Double(spansPerStep) * secondsPerSpan + readsPerStep * (secondsPerMeterRead ?? 0)
    }
}
