/// Two whole steps, one right after the other, that tell what instruments cost: in the first a coin decided for every
/// pass whether they were on, in the second they were on where they had been off.
public struct InstrumentationOverheadPair: Codable, Sendable, Hashable {
    /// Of every pass, in the step's order, in the step in which its kernels were marked and the counters looked at before
    /// it.
    public var instrumentedSeconds: [Double]
    /// Of the same passes in the other step.
    public var plainSeconds: [Double]
    /// How much longer all moments between passes took where the counters were looked at than where they were not.
    public var samplingSeconds: Double

    public init(instrumentedSeconds: [Double], plainSeconds: [Double], samplingSeconds: Double) {
        self.instrumentedSeconds = instrumentedSeconds
        self.plainSeconds = plainSeconds
        self.samplingSeconds = samplingSeconds
    }
}
