import Glibc
import Synchronization
import Testing

@testable import SystemIO

private let seen = Atomic<UInt64>(0)

/// The test runner has many threads, any of which the kernel may choose for a signal to the process.
@Suite("Signals that end a program, held back while a file is written", .serialized)
struct SignalHoldTests {
    @Test("it arrives after the last hold and not before", arguments: [SIGHUP, SIGALRM])
    func arrivesAfterTheHold(number: Int32) {
        // Other tests write files at the same time: a hold of theirs that begins before this one's handler is set
        // defeats an attempt.
        #expect((0..<20).contains { _ in isHeldBack(number) })
    }

    private func isHeldBack(_ number: Int32) -> Bool {
        func hasArrived() -> Bool { seen.load(ordering: .sequentiallyConsistent) != 0 }
        var (action, before) = (sigaction(), sigaction())
        action.__sigaction_handler.sa_handler = { seen.bitwiseOr(1 << UInt64($0), ordering: .sequentiallyConsistent) }
        seen.store(0, ordering: .sequentiallyConsistent)
        sigaction(number, &action, &before)
        defer { sigaction(number, &before, nil) }
        let (outer, inner) = (SignalHold(), SignalHold())
        kill(getpid(), number)
        usleep(20_000)
        let isEarly = hasArrived()
        inner.release()
        usleep(20_000)
        let isEarlyAfterOne = hasArrived()
        outer.release()
        for _ in 0..<2000 where !hasArrived() { usleep(5000) }
        return !isEarly && !isEarlyAfterOne && hasArrived()
    }

    @Test("a signal that is ignored stays so")
    func staysIgnored() {
        let before = signal(SIGHUP, SIG_IGN)
        defer { signal(SIGHUP, before) }
        let held = SignalHold()
        kill(getpid(), SIGHUP)
        held.release()
        #expect(Interruption.isIgnored(SIGHUP))
    }
}
