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
    private static let isHeld = Atomic<Bool>(false)

    /// For a handler of one of the signals: notes it where signals are held, though its own turn to be replaced has not come.
    static func notes(_ number: Int32) -> Bool {
        guard isHeld.load(ordering: .sequentiallyConsistent) else { return false }
        arrived.bitwiseOr(1 << UInt64(number), ordering: .sequentiallyConsistent)
        return true
    }

    private struct Replaced {
        var number: Int32
        var action: sigaction
    }

    private struct State {
        var holders = 0
        /// What the signals did before the first hold.
        var before: [Replaced] = []
    }

    init() {
        Self.state.withLock { state in
            state.holders += 1
            guard state.holders == 1 else { return }
            // From here on the handler may run, and must not be the first to touch this.
            Self.arrived.store(0, ordering: .sequentiallyConsistent)
            Self.isHeld.store(true, ordering: .sequentiallyConsistent)
            state.before = Self.numbers.compactMap { number in
                Interruption.isIgnored(number)
                    ? nil : Replaced(number: number, action: Self.exchange(number, Self.noting))
            }
        }
    }

    func release() {
        let arrived: [Int32] = Self.state.withLock { state in
            state.holders -= 1
            guard state.holders == 0 else { return [] }
            for replaced in state.before { _ = Self.exchange(replaced.number, replaced.action) }
            Self.isHeld.store(false, ordering: .sequentiallyConsistent)
            let bits = Self.arrived.exchange(0, ordering: .sequentiallyConsistent)
            defer { state.before = [] }
            return state.before.map(\.number).filter { bits & (1 << UInt64($0)) != 0 }
        }
        for number in arrived { kill(getpid(), number) }
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
