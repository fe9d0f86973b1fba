/// The state of the box over the run, in columns of equal length. A column is `nil` where the box does not report it.
///
/// Each entry covers the time since the one before, or since the start of the run for the first. A long run has fewer
/// entries a second, at most ``maximumCount`` in all.
public struct ConditionSeries: Codable, Sendable, Hashable {
    /// End of each entry's time, since the start of the run.
    public var seconds: [Double]
    /// Processors that other processes used.
    public var otherProcessors: [Double?]?
    /// Processors that the hypervisor took away.
    public var stealProcessors: [Double?]?
    /// Time for which a control group's quota stopped the run, over the time.
    public var quotaRatio: [Double?]?
    /// Threads of the run that were ready and had no processor, on average.
    public var waitingThreads: [Double?]?
    /// Thermal throttling events.
    public var throttleCount: [Int?]?
    /// The frequency of the fastest policy at the end.
    public var hertz: [Double?]?
    /// Temperature of the processor at the end.
    public var celsius: [Double?]?
    /// Time of a fixed piece of arithmetic at the end, where no frequency is reported; `nil` in older files.
    public var referenceSeconds: [Double?]?

    public init(
        seconds: [Double], otherProcessors: [Double?]? = nil, stealProcessors: [Double?]? = nil,
        quotaRatio: [Double?]? = nil, waitingThreads: [Double?]? = nil, throttleCount: [Int?]? = nil,
        hertz: [Double?]? = nil, celsius: [Double?]? = nil, referenceSeconds: [Double?]? = nil
    ) {
        self.seconds = seconds
        self.otherProcessors = otherProcessors
        self.stealProcessors = stealProcessors
        self.quotaRatio = quotaRatio
        self.waitingThreads = waitingThreads
        self.throttleCount = throttleCount
        self.hertz = hertz
        self.celsius = celsius
        self.referenceSeconds = referenceSeconds
    }

    /// Entries of a file that Kerf writes.
    public static let maximumCount = 2000
}

extension ConditionSeries {
    /// Lengths of the columns that exist.
    package var columnCounts: [Int] {
        [otherProcessors, stealProcessors, quotaRatio, waitingThreads, hertz, celsius, referenceSeconds]
            .compactMap { $0?.count }
            + [throttleCount].compactMap { $0?.count }
    }
}
