/// What the box did to a window besides running the work: counters that only grow.
public struct BoxConditions: Sendable, Hashable {
    /// Time that the hypervisor gave to others, summed over CPUs; `nil` when the kernel does not tell.
    public var stealSeconds: Double?
    /// Thermal throttling events of all cores and packages; `nil` when the CPU does not tell.
    public var throttleCount: Int?

    public init(stealSeconds: Double? = nil, throttleCount: Int? = nil) {
        self.stealSeconds = stealSeconds
        self.throttleCount = throttleCount
    }

    /// More stolen time than this share of a window's wall time spoils it.
    public static let toleratedSteal = 0.05

    /// Why a window between two looks is spoiled, or `nil` when it is sound.
    public static func spoiling(from start: BoxConditions, to end: BoxConditions, seconds: Double) -> String? {
        if let before = start.throttleCount, let after = end.throttleCount, after > before {
            return "thermal throttling"
        }
        // Steal is counted in ticks of 10 ms, so that one tick in a short window says nothing.
        if let before = start.stealSeconds, let after = end.stealSeconds,
            after - before > max(0.015, toleratedSteal * seconds)
        {
            return "stolen time"
        }
        return nil
    }
}
