import Host
import Profiling

/// What the host did to a window: stolen time and throttling, read on held descriptors.
struct ConditionsMonitor {
    /// `nil` when the host does not tell; then no window is rejected for it.
    private let reader: HostCounterReader?

    init(_ host: HostProbe) { reader = try? host.counterReader() }

    func now() -> BoxConditions {
        guard let counters = try? reader?.read() else { return BoxConditions() }
        let throttles = [counters.coreThrottleCount, counters.packageThrottleCount].compactMap(\.self)
        return BoxConditions(
            stealSeconds: counters.stealSeconds,
            throttleCount: throttles.isEmpty ? nil : Int(clamping: throttles.reduce(0, &+)))
    }
}
