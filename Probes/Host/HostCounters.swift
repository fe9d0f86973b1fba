/// What can spoil a window, counted since the start of the system. A part that is `nil` this box does not tell; it is
/// never zero instead.
package struct HostCounters: Sendable, Hashable {
    /// Time that the hypervisor took from all CPUs together.
    package var stealSeconds: Double?
    /// Times that a core was slowed down for its heat, summed over cores.
    package var coreThrottleCount: UInt64?
    /// The same of whole packages, summed over packages.
    package var packageThrottleCount: UInt64?

    package init(stealSeconds: Double?, coreThrottleCount: UInt64?, packageThrottleCount: UInt64?) {
        self.stealSeconds = stealSeconds
        self.coreThrottleCount = coreThrottleCount
        self.packageThrottleCount = packageThrottleCount
    }
}
