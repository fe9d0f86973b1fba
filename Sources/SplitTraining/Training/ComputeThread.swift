import Glibc
import Synchronization
import SystemIO

/// One thread on which an actor runs.
///
/// libgomp keeps a team of threads for each thread that starts parallel work, and oneDNN's scratch memory is the
/// thread's too. On the concurrency runtime's threads, which change, both would multiply.
package final class ComputeThread: SerialExecutor {
    private struct Jobs {
        var waiting: [UnownedJob] = []
        var isEnded = false
    }

    private let jobs = Mutex(Jobs())
    private let available: Available

    /// - Throws: ``KerfError/Code/systemError`` when no thread can be started.
    package init() throws(KerfError) {
        available = Available()
        var thread = pthread_t()
        // The thread keeps the executor until end().
        let context = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let executor = Unmanaged<ComputeThread>.fromOpaque(context)
                executor.takeUnretainedValue().run()
                executor.release()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            throw KerfError(.systemError, "a thread cannot be started: \(String(cString: strerror(status)))")
        }
        pthread_detach(thread)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.waiting.append(job) }
        available.post()
    }

    /// Ends the thread after the jobs that wait. No job may come later.
    package func end() {
        jobs.withLock { $0.isEnded = true }
        available.post()
    }

    private func run() {
        // Signals that end a run are the main thread's, which has a stack for their handlers. Threads that this one starts
        // inherit the mask.
        var ending = sigset_t()
        sigemptyset(&ending)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGALRM] { sigaddset(&ending, signal) }
        pthread_sigmask(SIG_BLOCK, &ending, nil)
        while true {
            available.wait()
            let (job, isEnded) = jobs.withLock { jobs in
                (jobs.waiting.isEmpty ? nil : jobs.waiting.removeFirst(), jobs.isEnded)
            }
            if let job {
                job.runSynchronously(on: asUnownedSerialExecutor())
            } else if isEnded {
                return
            }
        }
    }
}

/// A POSIX semaphore.
private final class Available: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func post() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 {} }
}
