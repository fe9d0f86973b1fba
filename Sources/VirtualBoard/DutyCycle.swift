/// How long a process must be held so that it computes at a share of its speed: for each second in which it wanted to
/// compute, `slowdown - 1` seconds. All times are in seconds.
///
/// A process wants to compute while its busiest thread runs or waits for a processor. Waiting counts: at a lower
/// frequency the other processes of a box would need their processors for longer, too, so that times on a busy box are as
/// many times as long as those on a quiet one. Threads are held together, since one that spins at a barrier for another
/// that is held would only burn time.
package struct DutyCycle: Sendable, Hashable {
    /// Full speed over the wanted speed, 1 or more.
    package var slowdown: Double
    /// Time for which the process is still to be held. Negative after a hold that took too long.
    package private(set) var owedSeconds = 0.0

    /// The process runs for at least so long between two holds. Stopping and resuming costs tens of microseconds. A step takes
    /// more processor time at low frequencies on a virtual machine, with runs of 5 ms as with these.
    package static let runSeconds = 2e-3
    /// Shorter holds would cost more than they hold.
    package static let minimumHoldSeconds = 0.5e-3
    /// Debt and credit beyond this are dropped, so that a process is never held for longer than a user notices.
    package static let maximumOwedSeconds = 0.25

    /// Processor time of a thread that is stopped and resumed once. Measured on an AMD EPYC.
    package static let handlingSeconds = 20e-6
    /// A thread that waits for less, in all, between two holds waits for the process that holds it. For others it waits for
    /// milliseconds.
    package static let shortWaitSeconds = 100e-6

    package init(slowdown: Double) { self.slowdown = slowdown }

    /// How long the process runs between two holds: longer when a hold would be too short otherwise.
    package var currentRunSeconds: Double {
        slowdown > 1 ? max(Self.runSeconds, Self.minimumHoldSeconds / (slowdown - 1)) : .infinity
    }

    /// How long a hold that begins now is.
    package var holdSeconds: Double { max(0, owedSeconds) }

    /// Adds what the process did between two holds.
    ///
    /// - Parameters:
    ///   - computing: processor time of the busiest thread.
    ///   - waiting: time that this thread waited for a processor.
    ///   - waking: the part of the waiting right after a hold; `nil` when the thread was not held.
    package mutating func add(computing: Double, waiting: Double, waking: Double?) {
        var lost = 0.0
        if let waking {
            // What only holding it has cost belongs to the hold.
            let waited = min(waiting, max(waking, Self.shortWaitSeconds))
            lost = min(computing + waiting, waited + Self.handlingSeconds)
        }
        let wanted = computing + waiting - lost
        owedSeconds = min(owedSeconds + (slowdown - 1) * wanted - lost, Self.maximumOwedSeconds)
    }

    /// Subtracts time for which the process was held.
    package mutating func subtract(held seconds: Double) {
        owedSeconds = max(owedSeconds - seconds, -Self.maximumOwedSeconds)
    }
}
