import Quantities

/// The energy meter that was used, or why there was none.
public struct MeterDescription: Codable, Sendable, Hashable {
    /// `perf_event`, `powercap`, `hwmon`, `battery` or `power model`; `nil` without a meter.
    public var name: String?
    /// `measured`, `simulated`, `modelled` for a declared power model, or `unavailable` without a meter.
    public var origin: Origin
    /// All domains, parents before children.
    public var domains: [EnergyDomain]
    /// Identifiers of the domains whose sum is the box's total.
    public var totalOf: [String]
    /// Median time between two changes of the first domain of the total, measured before the run.
    public var updateIntervalSeconds: Quantity
    /// The unit of that domain's counter; `nil` in older files.
    public var resolutionJoules: Quantity?
    /// Statistics of that domain's updates; `nil` without a meter and in older files.
    public var updates: CounterUpdates?
    /// How power was integrated, where the meter has no energy counter.
    public var sampling: PowerSampling?
    /// Without a meter: why, and the remedy. With a power model: what was declared.
    public var reason: String?

    public init(
        name: String?, origin: Origin, domains: [EnergyDomain], totalOf: [String], updateIntervalSeconds: Quantity,
        resolutionJoules: Quantity? = nil, updates: CounterUpdates? = nil, sampling: PowerSampling? = nil,
        reason: String? = nil
    ) {
        self.name = name
        self.origin = origin
        self.domains = domains
        self.totalOf = totalOf
        self.updateIntervalSeconds = updateIntervalSeconds
        self.resolutionJoules = resolutionJoules
        self.updates = updates
        self.sampling = sampling
        self.reason = reason
    }
}

/// How power was integrated to energy, by a thread of this process that read the sensor again and again.
public struct PowerSampling: Sendable, Codable, Hashable {
    /// Nominal time between two samples.
    public var intervalSeconds: Double
    /// Longest time between two samples. Power is interpolated linearly between them.
    public var longestGapSeconds: Double
    public var samples: Int
    /// Processor time of the sampling thread over the time it ran: the load that sampling adds, in processors.
    public var processorShare: Double
    /// Median time between changes of the sensor's value, which bounds what a window can resolve; `nil` until it has
    /// changed three times.
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
