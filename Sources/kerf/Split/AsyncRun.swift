import Dispatch
import Synchronization
import SystemIO

/// Runs an asynchronous command from the main thread, which waits: signals find their stack there, and other commands stay
/// synchronous.
enum AsyncRun {
    /// SIGINT and SIGTERM cancel the task, which then has ``Interruption``'s grace to end.
    static func blocking<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result {
        let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
        let ended = DispatchSemaphore(value: 0)
        Interruption.watch()
        let task = Task {
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            outcome.withLock { $0 = result }
            ended.signal()
        }
        while ended.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            if Interruption.isRequested { task.cancel() }
        }
        Interruption.unwatch()
        guard let result = outcome.withLock({ $0 }) else { throw CancellationError() }
        do {
            return try result.get()
        } catch is CancellationError where Interruption.isRequested {
            throw KerfError(.interrupted, "interrupted", remedy: "start it again: it goes on after the last committed turn")
        }
    }
}
