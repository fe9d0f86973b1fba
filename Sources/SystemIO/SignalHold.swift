import Glibc
import Synchronization

/// Holds back the signals that end a program, whichever thread they arrive at: blocking them on one thread would leave
/// them to another.
///
/// They are sent again when the last hold is released. A signal that is ignored stays ignored.
struct SignalHold {
    /// SIGALRM ends a run whose time after SIGINT or SIGTERM is over; see ``Interruption``.
    private static let numbers = [SIGINT, SIGTERM, SIGHUP, SIGALRM]

    private static let state = Mutex<State>(State())
    /// The signals that arrived, by their numbers as bits.
    private static let arrived = Atomic<UInt64>(0)

    private struct State {
        var holders = 0
        /// What the signals did before the first hold.
        var before: [(number: Int32, action: sigaction)] = []
    }

    init() {
        Self.state.withLock { state in
            state.holders += 1
            guard state.holders == 1 else { return }
            // From here on the handler may run, and must not be the first to touch this.
            Self.arrived.store(0, ordering: .sequentiallyConsistent)
            state.before = Self.numbers.compactMap { number in
                Interruption.isIgnored(number) ? nil : (number, Self.exchange(number, Self.noting))
            }
        }
    }

    func release() {
        let before = Self.state.withLock { state in
            state.holders -= 1
            guard state.holders == 0 else { return [(number: Int32, action: sigaction)]() }
            defer { state.before = [] }
            for (number, action) in state.before { _ = Self.exchange(number, action) }
            return state.before
        }
        let arrived = before.isEmpty ? 0 : Self.arrived.exchange(0, ordering: .sequentiallyConsistent)
        for (number, _) in before where arrived & (1 << UInt64(number)) != 0 { kill(getpid(), number) }
    }

    /// Only notes the signal; a write that it interrupts goes on.
    private static var noting: sigaction {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            SignalHold.arrived.bitwiseOr(1 << UInt64(number), ordering: .sequentiallyConsistent)
        }
        action.sa_flags = SA_ONSTACK | SA_RESTART
        return action
    }

    private static func exchange(_ number: Int32, _ action: sigaction) -> sigaction {
        var (new, old) = (action, sigaction())
        sigaction(number, &new, &old)
        return old
    }
}
