import CPtrace
import Glibc
import SystemIO
import SystemPackage

/// Holds a process for a share of the time, so that it computes as on a processor of a lower frequency.
///
/// Its threads are stopped together by ptrace(2), for as long as a ``DutyCycle`` says. Threads that sleep are left alone,
/// so that an idle process stays idle, and none is traced at full speed. No state is left behind: when this process ends,
/// also by SIGKILL, the kernel resumes every thread.
struct SlowedProcess: ~Copyable {
    /// Why the process cannot be slowed down; `nil` when it can, as far as is known.
    private(set) var refusal: Errno?
    private var pid: Int32 = 0
    private var threads: [TracedThread] = []
    /// Threads that are to be released and have not stopped, and those that are ending: their parent can wait for them
    /// only when this process has.
    private var leaving: [TracedThread] = []
    private var cycle = DutyCycle(slowdown: 1)
    private var phase = Phase.running(until: MonotonicInstant(nanoseconds: 0))
    private var scanned = MonotonicInstant(nanoseconds: 0)
    /// When the last hold ended, or the times of the threads were last added.
    private var began = MonotonicInstant(nanoseconds: 0)

    private enum Phase {
        case running(until: MonotonicInstant)
        case stopping(since: MonotonicInstant)
        case held(since: MonotonicInstant, until: MonotonicInstant)
    }

    /// Between two searches for new threads, and between two attempts after a refusal.
    private static let scanSeconds = 0.01
    private static let retrySeconds = 0.1
    /// A thread that does not stop within this time waits in the kernel, and computes nothing.
    private static let stoppingSeconds = 0.02

    /// Waits until a moment, or until ``update(_:slowdown:)`` is to be called before.
    func sleep(until moment: MonotonicInstant) {
        let end: MonotonicInstant
        switch phase {
        case .running(let until), .held(_, let until): end = min(moment, until)
        case .stopping: end = moment
        }
        // A thread that stops ends the sleep.
        kerf_trace_sleep(end.nanoseconds - MonotonicInstant.now().nanoseconds)
    }

    /// Whether threads are traced, so that ``sleep(until:)`` is to be used.
    var isActive: Bool { !threads.isEmpty || !leaving.isEmpty }

    /// - Parameters:
    ///   - pid: the measured process; 0 for none.
    ///   - slowdown: full speed over the wanted speed, 1 or more.
    mutating func update(_ pid: Int32, slowdown: Double) {
        if !leaving.isEmpty { letGo() }
        if pid != self.pid {
            release()
            (self.pid, refusal, scanned) = (pid, nil, MonotonicInstant(nanoseconds: 0))
            if pid > 0 { refusal = trial(pid) }
        }
        guard pid > 0, slowdown > 1 || refusal != nil else { return release() }
        if slowdown != cycle.slowdown { cycle = DutyCycle(slowdown: slowdown) }
        find()
        for thread in threads { thread.poll() }
        threads.removeAll(where: \.isGone)
        guard !threads.isEmpty else { return }
        switch phase {
        case .running(let until):
            for thread in threads { thread.noteWaking() }
            if .now() >= until { stopRunning() }
        case .stopping(let since): hold(since: since)
        case .held(let since, let until): if .now() >= until { resume(since: since) } else { stopWoken() }
        }
    }

    // MARK: - Threads

    /// Whether a process can be slowed down, by tracing its first thread for a moment.
    private mutating func trial(_ pid: Int32) -> Errno? {
        do throws(Errno) {
            detach([try TracedThread(pid, of: pid)])
            return nil
        } catch {
            return error == .noSuchProcess ? nil : error
        }
    }

    /// Traces threads that are new. After a refusal it tries again from time to time.
    private mutating func find() {
        let now = MonotonicInstant.now()
        let interval = refusal == nil ? Self.scanSeconds : Self.retrySeconds
        guard now.seconds(since: scanned) >= interval else { return }
        scanned = now
        if refusal != nil {
            refusal = trial(pid)
            if refusal != nil || cycle.slowdown <= 1 { return }
        }
        let known = Set((threads + leaving).map(\.number))
        for name in SystemRoot().names(in: FilePath("/proc/\(pid)/task")) {
            guard let number = Int32(name), !known.contains(number) else { continue }
            do throws(Errno) {
                threads.append(try TracedThread(number, of: pid))
            } catch {
                // A thread that is just ending is refused as well. The first one tells whether the process is.
                if number == pid, error != .noSuchProcess { refusal = error }
            }
        }
        if refusal != nil { release() }
    }

    /// Ends the tracing of all threads.
    private mutating func release() {
        guard !threads.isEmpty else { return }
        detach(threads)
        (threads, phase) = ([], .running(until: MonotonicInstant(nanoseconds: 0)))
    }

    /// Only a stopped thread can be released. One that does not stop within a second is released as soon as it has.
    private mutating func detach(_ threads: [TracedThread]) {
        for thread in threads { thread.stop() }
        leaving += threads
        let start = MonotonicInstant.now()
        while true {
            letGo()
            if leaving.isEmpty || MonotonicInstant.now().seconds(since: start) > 1 { return }
            kerf_trace_sleep(100_000)
        }
    }

    private mutating func letGo() {
        for thread in leaving {
            thread.poll()
            thread.detach()
        }
        leaving.removeAll(where: \.isGone)
    }

    // MARK: - Phases

    /// Begins a hold, unless every thread sleeps: what the process owes then waits until one runs.
    private mutating func stopRunning() {
        let running = threads.filter { $0.isRunning() }
        let now = MonotonicInstant.now()
        guard !running.isEmpty else {
            addTimes()
            (began, phase) = (now, .running(until: now.advanced(seconds: 1e-3)))
            return
        }
        for thread in running { thread.stop() }
        phase = .stopping(since: now)
    }

    /// The hold itself, once all threads that were asked to stop have stopped: now their times are exact.
    private mutating func hold(since asked: MonotonicInstant) {
        let now = MonotonicInstant.now()
        guard threads.allSatisfy(\.isSettled) || now.seconds(since: asked) > Self.stoppingSeconds else { return }
        // The busiest thread has run or waited from the last hold on, so that its times tell when it stopped. This
        // process has learned it later.
        let stopped = min(now, max(asked, began.advanced(seconds: addTimes())))
        phase = .held(since: stopped, until: stopped.advanced(seconds: cycle.holdSeconds))
    }

    /// Stops threads that were woken during a hold.
    private func stopWoken() {
        for thread in threads where thread.isRunning() { thread.stop() }
    }

    private mutating func resume(since start: MonotonicInstant) {
        let now = MonotonicInstant.now()
        cycle.subtract(held: now.seconds(since: start))
        for thread in threads { thread.resume() }
        (began, phase) = (now, .running(until: now.advanced(seconds: cycle.currentRunSeconds)))
    }

    /// Adds what the busiest thread did since the last hold.
    ///
    /// - Returns: for how long it ran or waited.
    @discardableResult private mutating func addTimes() -> Double {
        let activities = threads.map { $0.take() }
        guard let busiest = activities.max(by: { $0.computing + $0.waiting < $1.computing + $1.waiting }) else {
            return 0
        }
        cycle.add(computing: busiest.computing, waiting: busiest.waiting, waking: busiest.waking)
        return busiest.computing + busiest.waiting
    }
}

extension TracedThread {
    /// Whether it has stopped if it was asked to.
    fileprivate var isSettled: Bool { isStopped || isGone || !isWanted }
}

extension MonotonicInstant {
    fileprivate func advanced(seconds: Double) -> MonotonicInstant {
        // A process that runs at full speed is never stopped.
        MonotonicInstant(nanoseconds: nanoseconds &+ Int64(min(seconds, 1) * 1e9))
    }
}
