import Glibc
import SystemIO

/// The time that a shaped channel goes by; tests put a simulated one in its place.
package protocol WireClock: Sendable {
    /// Nanoseconds since an unspecified start.
    func now() -> Int64
    /// Returns at `deadline` or as soon after as the clock can.
    ///
    /// - Throws: `CancellationError`.
    func sleep(until deadline: Int64) async throws
}

/// `CLOCK_MONOTONIC`. Sleeps end within about 0.1 ms of their deadline on an idle box.
package struct RealWireClock: WireClock {
    /// The last part of a sleep, which the thread itself waits for: timers of the task runtime may be late by more than
    /// what is asked for here.
    private static let precisePart: Int64 = 300_000

    package init() {}

    package func now() -> Int64 { MonotonicInstant.now().nanoseconds }

    package func sleep(until deadline: Int64) async throws {
        let coarse = deadline - now() - Self.precisePart
        if coarse > 0 {
            try await Task.sleep(for: .nanoseconds(coarse), tolerance: .zero)
        } else {
            try Task.checkCancellation()
        }
        let remaining = deadline - now()
        guard remaining > 0 else { return }
        // In whole microseconds, and not too early.
        usleep(UInt32((min(remaining, Self.precisePart) + 999) / 1000))
    }
}
