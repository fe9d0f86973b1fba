import Synchronization

@testable import SplitTraining

/// Time that stands still until a test moves it on.
final class ManualClock: WireClock {
    private struct State {
        var now: Int64 = 0
        var sleepers: [(deadline: Int64, wake: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let (deadlines, report) = AsyncStream.makeStream(of: Int64.self)

    func now() -> Int64 { state.withLock { $0.now } }

    func sleep(until deadline: Int64) async throws {
        await withCheckedContinuation { wake in
            let sleeps = state.withLock { state in
                if deadline > state.now { state.sleepers.append((deadline, wake)) }
                return deadline > state.now
            }
            if sleeps { report.yield(deadline) } else { wake.resume() }
        }
        try Task.checkCancellation()
    }

    /// Waits until a task sleeps that has not been reported, and returns its deadline.
    func nextDeadline() async -> Int64 {
        var iterator = deadlines.makeAsyncIterator()
        return await iterator.next() ?? .max
    }

    func advance(to time: Int64) {
        let woken = state.withLock { state in
            state.now = max(state.now, time)
            let due = state.sleepers.filter { $0.deadline <= time }
            state.sleepers.removeAll { $0.deadline <= time }
            return due
        }
        for sleeper in woken { sleeper.wake.resume() }
    }
}
