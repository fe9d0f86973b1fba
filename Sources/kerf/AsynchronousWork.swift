import Dispatch
import Synchronization

/// Runs asynchronous work to its end on behalf of a synchronous command.
enum AsynchronousWork {
    /// Blocks the calling thread, which must be none of the task runtime's: a command's main thread.
    static func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
        let outcome = Outcome<Value>()
        let ended = DispatchSemaphore(value: 0)
        Task {
            do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
            ended.signal()
        }
        ended.wait()
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
