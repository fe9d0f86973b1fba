public import ProbeKit
public import Statistics

/// The energy meter that was used, or why there was none.
public struct MeterDescription: Codable, Sendable, Hashable {
    /// `powercap`; `nil` without a meter.
    public var name: String?
    /// `measured`, `simulated`, or `unavailable` without a meter.
    public var origin: Origin
    /// All domains, parents before children.
    public var domains: [EnergyDomain]
    /// Identifiers of the domains whose sum is the box's total.
    public var totalOf: [String]
    /// Median time between two changes of the first domain that counts, as found before the run.
    public var updateIntervalSeconds: Quantity
    /// How regularly that domain is updated and in what steps; `nil` without a meter and in older files.
    public var updates: CounterUpdates?
    /// Without a meter: why, and the remedy.
    public var reason: String?

    public init(
        name: String?, origin: Origin, domains: [EnergyDomain], totalOf: [String], updateIntervalSeconds: Quantity,
        updates: CounterUpdates? = nil, reason: String? = nil
    ) {
        self.name = name
        self.origin = origin
        self.domains = domains
        self.totalOf = totalOf
        self.updateIntervalSeconds = updateIntervalSeconds
        self.updates = updates
        self.reason = reason
    }
}
