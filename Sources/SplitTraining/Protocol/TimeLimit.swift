import SystemIO

/// Runs an operation that ends when its task is cancelled, and cancels it after a time.
///
/// - Throws: `failure` when the time is up.
func withTimeLimit<Result: Sendable>(
    seconds: Double, _ failure: KerfError, _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            return nil
        }
        defer { group.cancelAll() }
        // Of two tasks the first to end decides.
        guard let first = try await group.next(), let result = first else { throw failure }
        return result
    }
}

/// How long the other side may be silent.
package struct SilenceLimit: Sendable {
    package let seconds: Double
    /// Thrown when it has been.
    package let failure: KerfError

    package func callAsFunction<Result: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withTimeLimit(seconds: seconds, failure, operation)
    }
}
