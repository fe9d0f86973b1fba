import Glibc

/// A thread of its own for work that blocks: on a box with one processor, blocked tasks would starve each other.
package final class BackgroundThread {
    private var thread = pthread_t()

    /// Starts `body` in a new thread.
    package init(_ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body))
        let result = pthread_create(
            &thread, nil,
            { pointer in
                Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        precondition(result == 0, "no thread could be made")
    }

    /// Waits until the body has returned. To be called once.
    package func join() { pthread_join(thread, nil) }

    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
