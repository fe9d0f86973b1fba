import Dispatch
import Synchronization
import SystemIO

/// Runs asynchronous work to its end on behalf of a synchronous command.
///
/// The main thread waits: signals find the stack of their handlers there, and other commands stay synchronous.
package enum AsynchronousWork {
    /// Blocks the calling thread, which must be none of the task runtime's: a command's main thread.
    package static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        try wait(for: work) { _ in }
    }

    /// Runs work that SIGINT and SIGTERM cancel; it then has ``Interruption``'s grace to end.
    ///
    /// - Throws: ``KerfError/Code/interrupted`` with the remedy where the work was canceled by a signal.
    package static func runInterruptibly<Value: Sendable>(
        remedy: Remedy, _ work: @escaping @Sendable () async throws -> Value
    ) throws -> Value {
        let begins = Interruption.watch()
        defer { if begins { Interruption.unwatch() } }
        do {
            return try wait(for: work) { if Interruption.isRequested { $0.cancel() } }
        } catch  where Interruption.isRequested {
            throw KerfError(.interrupted, "interrupted", remedy: remedy)
        }
    }

    private static func wait<Value: Sendable>(
        for work: @escaping @Sendable () async throws -> Value, _ check: (Task<Void, Never>) -> Void
    ) throws -> Value {
        let outcome = Outcome<Value>()
        let ended = DispatchSemaphore(value: 0)
        let task = Task {
            do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
            ended.signal()
        }
        while ended.wait(timeout: .now() + .milliseconds(100)) == .timedOut { check(task) }
        return try outcome.get()
    }

    private final class Outcome<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, any Error>?>(nil)

        func set(_ value: Result<Value, any Error>) { result.withLock { $0 = value } }

        func get() throws -> Value {
            guard let result = result.withLock({ $0 }) else { preconditionFailure("read before the work has ended") }
            return try result.get()
        }
    }
}
