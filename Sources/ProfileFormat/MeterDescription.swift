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
    /// Median time between two changes of the first domain that counts, as found before the run.
    public var updateIntervalSeconds: Quantity
    /// The smallest step seen of that domain's counter; `nil` in files of before it was looked for.
    public var resolutionJoules: Quantity?
    /// How regularly that domain is updated and in what unit; `nil` without a meter and in older files.
    public var updates: CounterUpdates?
    /// How energy was made from power, where the meter has no counter of its own.
    public var sampling: PowerSampling?
    /// Without a meter: why, and the remedy. Of a power model: what was declared.
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
