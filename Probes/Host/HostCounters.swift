/// What can spoil a window, counted since the start of the system. A part that is `nil` this box does not tell; it is
/// never zero instead.
public struct HostCounters: Sendable, Hashable {
    /// Time that the hypervisor took from all CPUs together.
    public var stealSeconds: Double?
    /// Times that a core was slowed down for its heat, summed over cores.
    public var coreThrottleCount: UInt64?
    /// The same of whole packages, summed over packages.
    public var packageThrottleCount: UInt64?

    public init(stealSeconds: Double?, coreThrottleCount: UInt64?, packageThrottleCount: UInt64?) {
        self.stealSeconds = stealSeconds
        self.coreThrottleCount = coreThrottleCount
        self.packageThrottleCount = packageThrottleCount
    }
}
