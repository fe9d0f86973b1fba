public import ProbeKit

/// What can spoil a window, counted since the start of the system. A part that is `nil` this box does not tell; it is
/// never zero instead.
public struct HostCounters: Sendable, Hashable {
    public var instant: MonotonicInstant
    /// Time that the hypervisor took from all CPUs together.
    public var stealSeconds: Double?
    /// Times that a core was slowed down for its heat, summed over cores.
    public var coreThrottleCount: UInt64?
    /// The same of whole packages, summed over packages.
    public var packageThrottleCount: UInt64?
    /// Times that this process waited for a page from a disk.
    public var majorFaultCount: UInt64?

    public init(
        instant: MonotonicInstant, stealSeconds: Double?, coreThrottleCount: UInt64?, packageThrottleCount: UInt64?,
        majorFaultCount: UInt64?
    ) {
        self.instant = instant
        self.stealSeconds = stealSeconds
        self.coreThrottleCount = coreThrottleCount
        self.packageThrottleCount = packageThrottleCount
        self.majorFaultCount = majorFaultCount
    }

    /// What happened between two samples; `nil` where either does not tell, or where a counter fell (a CPU came back
    /// and counts anew).
    public func changes(since start: HostCounters) -> HostCounterChanges {
        HostCounterChanges(
            seconds: instant.seconds(since: start.instant),
            stealSeconds: Self.difference(stealSeconds, start.stealSeconds),
            coreThrottleCount: Self.difference(coreThrottleCount, start.coreThrottleCount),
            packageThrottleCount: Self.difference(packageThrottleCount, start.packageThrottleCount),
            majorFaultCount: Self.difference(majorFaultCount, start.majorFaultCount))
    }

    private static func difference<Value: Comparable & AdditiveArithmetic>(_ end: Value?, _ start: Value?) -> Value? {
        guard let end, let start, end >= start else { return nil }
        return end - start
    }
}

/// What could have spoiled one window.
public struct HostCounterChanges: Sendable, Hashable {
    /// Length of the window.
    public var seconds: Double
    public var stealSeconds: Double?
    public var coreThrottleCount: UInt64?
    public var packageThrottleCount: UInt64?
    public var majorFaultCount: UInt64?
}
