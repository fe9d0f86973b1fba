/// What the box did besides running the work: counters that only grow, and its clock.
public struct BoxConditions: Sendable, Hashable {
    /// Time that the hypervisor gave to others, summed over CPUs; `nil` when the kernel does not tell.
    public var stealSeconds: Double?
    /// Thermal throttling events of all cores and packages; `nil` when the CPU does not tell.
    public var throttleCount: Int?
    /// The fastest policy's clock now, in hertz; `nil` where nothing tells it.
    public var clockHertz: Double?

    public init(stealSeconds: Double? = nil, throttleCount: Int? = nil, clockHertz: Double? = nil) {
        self.stealSeconds = stealSeconds
        self.throttleCount = throttleCount
        self.clockHertz = clockHertz
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
