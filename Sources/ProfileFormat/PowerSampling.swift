/// How energy was made from power: a thread of this process read it again and again and added it up.
public struct PowerSampling: Sendable, Codable, Hashable {
    /// Time between two samples, as it was meant.
    public var intervalSeconds: Double
    /// Longest time between two samples. Between them power is taken to go straight from one to the other.
    public var longestGapSeconds: Double
    public var samples: Int
    /// Processor time of the sampling thread over the time it ran: what sampling adds to the box's load, in processors.
    public var processorShare: Double
    /// Median time between changes of the sensor's own value, which bounds what a window can resolve; `nil` while it has
    /// not changed three times.
    public var refreshSeconds: Double?

    public init(
        intervalSeconds: Double, longestGapSeconds: Double, samples: Int, processorShare: Double,
        refreshSeconds: Double?
    ) {
        self.intervalSeconds = intervalSeconds
        self.longestGapSeconds = longestGapSeconds
        self.samples = samples
        self.processorShare = processorShare
        self.refreshSeconds = refreshSeconds
    }
}
