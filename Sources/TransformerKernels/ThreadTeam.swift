import CKernels
import Synchronization

/// Threads of libgomp's pool among which independent units of work are divided.
package struct ThreadTeam: Sendable {
    package let count: Int

    package init(count: Int) { self.count = count }

    /// Binds each of the pool's threads to one of the first `count` processors that this process may run on, for the
    /// lifetime of the process.
    ///
    /// - Returns: whether every thread could be bound.
    package func pin() -> Bool { kerf_pin_threads(Int32(count)) }

    /// Binds all threads of the pool to a set of processors; the kernel chooses among them.
    ///
    /// - Returns: whether every thread could be bound.
    package func bind(to processors: [Int]) -> Bool {
        let processors = processors.map { Int32(clamping: $0) }
        return kerf_bind_threads(Int32(count), processors, Int32(processors.count))
    }

    /// Whether this process may run on any of the processors.
    package static func mayRun(on processors: [Int]) -> Bool {
        let processors = processors.map { Int32(clamping: $0) }
        return kerf_may_run_on(processors, Int32(processors.count))
    }

    /// Runs `body(unit, thread)` for every unit in `0..<units` and waits.
    ///
    /// The assignment is fixed: thread t runs the units t, t + count, and so on. Called from inside a body, it runs all
    /// units on the calling thread.
    ///
    /// - Throws: the first error of a unit; the thread that ran it skips its remaining units.
    package func run(units: Int, _ body: (_ unit: Int, _ thread: Int) throws -> Void) throws {
        try withoutActuallyEscaping(body) { body in
            var region = Region(units: units, body: body)
            withUnsafeMutablePointer(to: &region) { pointer in
                kerf_parallel(
                    Int32(min(count, units)),
                    { context, thread, threads in
                        guard let context else { return }
                        context.assumingMemoryBound(to: Region.self).pointee
                            .run(thread: Int(thread), of: Int(threads))
                    }, pointer)
            }
            if let error = region.failure.error.withLock({ $0 }) { throw error }
        }
    }

    private struct Region {
        let units: Int
        let body: (Int, Int) throws -> Void
        let failure = Failure()

        func run(thread: Int, of threads: Int) {
            for unit in stride(from: thread, to: units, by: threads) {
                do { try body(unit, thread) } catch {
                    failure.error.withLock { $0 = $0 ?? error }
                    return
                }
            }
        }
    }

    private final class Failure: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }
}

/// Runs `body` with denormals flushed to zero on the calling thread, and restores the thread's setting.
///
/// Gradients decay into denormals, with which many processors are a hundred times slower.
func withDenormalsFlushed<Result>(_ body: () throws -> Result) rethrows -> Result {
    let state = kerf_flush_denormals()
    defer { kerf_restore_denormals(state) }
    return try body()
}
