import Statistics
import SystemIO

/// What is measured of a link, and for how long.
package struct LinkPlan: Sendable, Hashable {
    /// 4 KiB to 16 MiB, powers of 4.
    package static let sweep: [Int] = (6...12).map { 1 << (2 * $0) }

    /// Bytes of a transfer, ascending.
    package let sizes: [Int]
    /// Sizes that were asked for, and are measured however long it takes.
    package let requiredSizes: Set<Int>
    /// Time for all transfers. Each size is measured at least ``minimumRounds`` times in each direction.
    package let budgetSeconds: Double
    /// Idle time before a cold transfer: longer than TCP's least timeout of 0.2 s, after which Linux starts from a
    /// small window (net.ipv4.tcp_slow_start_after_idle).
    package let idleSeconds: Double
    package let seed: UInt64

    /// Fewer have no interval of the median.
    static let minimumRounds = 6
    static let maximumRounds = 1000
    /// A size whose first transfers take more than this share of the budget is left out, with all that are larger.
    static let maximumShare = 1.0 / 40

    /// - Parameter trainingSizes: bytes that training sends at once, in either direction.
    /// - Throws: ``KerfError/Code/invalidArgument``.
    package init(
        trainingSizes: [Int] = [], budgetSeconds: Double = 30, idleSeconds: Double = 0.3, seed: UInt64 = 1
    ) throws(KerfError) {
        guard trainingSizes.allSatisfy({ $0 > 0 && $0 <= Int(LinkMessage.maximumBytes) }), trainingSizes.count <= 32
        else {
            throw KerfError(.invalidArgument, "link: at most 32 sizes, each from 1 byte to 1 GiB")
        }
        guard budgetSeconds > 0, budgetSeconds <= 86_400 else {
            throw KerfError(
                .invalidArgument,
                "link: the time for transfers must be above 0 and at most 86400 s, not \(budgetSeconds)")
        }
        guard idleSeconds >= 0, idleSeconds <= 60 else {
            throw KerfError(.invalidArgument, "link: the idle time must be between 0 and 60 s, not \(idleSeconds)")
        }
        sizes = Set(Self.sweep + trainingSizes).sorted()
        requiredSizes = Set(trainingSizes)
        self.budgetSeconds = budgetSeconds
        self.idleSeconds = idleSeconds
        self.seed = seed
    }
}
