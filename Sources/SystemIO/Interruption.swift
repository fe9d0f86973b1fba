import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP, checked between two pieces of work, so that outputs, children and settings are left in order.
package enum Interruption {
    private static let requested = Atomic<Bool>(false)
    private static let watched = Atomic<Bool>(false)
    private static let receiver = Atomic<pid_t>(0)

    /// Time that a piece of work may still take after the signal; then the process ends. Outputs are replaced whole or not
    /// at all, and an embedded board ends with its parent, so nothing is left incomplete.
    private static let graceSeconds: UInt32 = 3

    /// The exit status of a process that SIGINT ended, as shells report it: 128 plus the signal's number.
    package static let exitStatus: Int32 = 130

    /// Enough for a signal frame with the widest registers (AVX-512 and AMX: about 11 KiB) and a handler.
    private static let stackBytes = 128 << 10

    /// The error of a run that a signal ended before it had a result.
    package static var failure: KerfError { KerfError(.interrupted, "interrupted; nothing was written") }

    /// Whether a signal that ends a run was received.
    package static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// From now on the first signal that ends a run only sets ``isRequested``; another SIGINT or SIGTERM ends the process at
    /// once.
    ///
    /// The handlers run on a stack of their own. oneDNN's generated code points the stack pointer at its workspace, and
    /// a frame that the kernel put there would overwrite the heap.
    ///
    /// - Returns: whether this call began it; it goes on where it has begun before.
    @discardableResult package static func watch() -> Bool {
        guard !watched.exchange(true, ordering: .relaxed) else { return false }
        var stack = stack_t()
        stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stackBytes, alignment: 64)
        stack.ss_size = stackBytes
        sigaltstack(&stack, nil)

        for number in ending { handle(number, with: firstSignal) }
        handle(SIGALRM) { _ in
            let message: StaticString = "\nkerf: error: interrupted in the middle of a long step\n"
            _ = write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
            _exit(Interruption.exitStatus)
        }
        return true
    }

    /// Undoes ``watch()``: from now on a signal ends the process at once. Called when the outputs are complete, so that no
    /// message says that they are lost.
    package static func unwatch() {
        guard watched.exchange(false, ordering: .relaxed) else { return }
        alarm(0)
        for number in ending + [SIGALRM] { signal(number, SIG_DFL) }
    }

    /// From now on every signal that ends a run is forwarded as SIGTERM to a child, with which this process ends: the first
    /// asks it to end in order, a second one ends it at once.
    package static func forward(to child: pid_t) {
        receiver.store(child, ordering: .relaxed)
        for number in ending {
            handle(number) { _ in kill(Interruption.receiver.load(ordering: .relaxed), SIGTERM) }
        }
    }

    /// Only what is safe in a signal handler: an atomic store, `signal` and `alarm`.
    private static let firstSignal: @convention(c) (Int32) -> Void = { number in
        guard !SignalHold.notes(number), !Interruption.requested.exchange(true, ordering: .relaxed) else { return }
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
        alarm(Interruption.graceSeconds)
    }

    /// The signals that end a run. A terminal that is closed sends SIGHUP; under nohup(1) it is ignored and stays so.
    private static var ending: [Int32] { isIgnored(SIGHUP) ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP] }

    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0, let handler = action.__sigaction_handler.sa_handler else {
            return false
        }
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Unblocks the signal, which the parent may have blocked.
    private static func handle(_ number: Int32, with handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        action.sa_flags = SA_ONSTACK
        sigaction(number, &action, nil)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, number)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
