import CPtrace
import SystemIO
import SystemPackage

/// A thread of another process, stopped and resumed by this one.
final class TracedThread {
    let number: Int32
    private let scheduling: HeldFile
    private let state: HeldFile
    private var buffer = [UInt8](repeating: 0, count: 512)
    private var last: Times
    /// Asked to stop, and to stay stopped once it has.
    private(set) var isWanted = false
    private(set) var isStopped = false
    /// Whether it has ended or is no longer traced, so that nothing has to be done about it.
    ///
    /// A thread that is killed refuses every request before it can be waited for, and until its tracer has waited for it,
    /// its parent cannot. So a refused request tells nothing; ``poll()`` does.
    private(set) var isGone = false
    /// Whether it was resumed and may not have run since.
    private var isWaking = false
    /// What it waited for a processor after it was resumed.
    private var wakingSeconds: Double?
    /// Whether it slept when it was last asked, with these times.
    private var asleepAt: Times?

    /// What the scheduler has counted. Both times of a thread that runs are stale by up to a tick, those of one that
    /// sleeps or is stopped are exact. The count is exact: it grows when the thread gets a processor.
    ///
    /// Source: Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat".
    struct Times: Hashable {
        var computing: UInt64 = 0
        var waiting: UInt64 = 0
        var count: UInt64 = 0
    }

    /// Starts to trace a thread.
    ///
    /// - Throws: `Errno.noSuchProcess` for one that has ended; `Errno.notPermitted` where tracing is forbidden or another
    ///   process traces it; what opening the files of procfs says.
    init(_ number: Int32, of pid: Int32) throws(Errno) {
        self.number = number
        let directory = FilePath("/proc/\(pid)/task/\(number)")
        do {
            scheduling = try HeldFile(directory.appending("schedstat"))
            state = try HeldFile(directory.appending("stat"))
        } catch {
            throw Errno.noSuchProcess
        }
        last = Times()
        let failure = kerf_trace_seize(number)
        guard failure == 0 else { throw Errno(rawValue: failure) }
        last = times() ?? Times()
    }

    // MARK: - Times

    /// What a thread did, in seconds.
    struct Activity {
        var computing = 0.0
        var waiting = 0.0
        /// The part of the waiting right after a hold; `nil` when there was none.
        var waking: Double?
    }

    /// What it did since the last call.
    func take() -> Activity {
        guard let now = times() else { return Activity() }
        noteWaking(now)
        defer { (last, wakingSeconds) = (now, nil) }
        return Activity(
            computing: Self.seconds(last.computing, now.computing), waiting: Self.seconds(last.waiting, now.waiting),
            waking: wakingSeconds)
    }

    /// Notes how long it waited after it was resumed, as soon as it has run: what it waits later has other causes.
    func noteWaking() {
        if isWaking, let now = times() { noteWaking(now) }
    }

    private func noteWaking(_ now: Times) {
        guard isWaking, now.count > last.count else { return }
        (isWaking, wakingSeconds) = (false, Self.seconds(last.waiting, now.waiting))
    }

    private static func seconds(_ start: UInt64, _ end: UInt64) -> Double {
        end > start ? Double(end - start) * 1e-9 : 0
    }

    /// Whether it runs or waits for a processor.
    func isRunning() -> Bool {
        guard !isStopped, !isGone, let now = times(), now != asleepAt else { return false }
        let count = read(state)
        // The name, in parentheses, may contain anything; the fields after it contain no parenthesis.
        guard let end = buffer[..<count].lastIndex(of: UInt8(ascii: ")")), end + 2 < count else { return false }
        let isRunning = buffer[end + 2] == UInt8(ascii: "R")
        asleepAt = isRunning ? nil : now
        return isRunning
    }

    private func times() -> Times? {
        var numbers = [UInt64](repeating: 0, count: 3)
        var place = 0
        for byte in buffer[..<read(scheduling)] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard place < 3 else { return nil }
                numbers[place] = numbers[place] &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: " "): place += 1
            default: break
            }
        }
        return place == 2 ? Times(computing: numbers[0], waiting: numbers[1], count: numbers[2]) : nil
    }

    /// Reads into the buffer; 0 bytes when the thread has ended.
    private func read(_ file: HeldFile) -> Int {
        buffer.withUnsafeMutableBytes { (try? file.read(into: $0)) ?? 0 }
    }

    // MARK: - Stopping

    func stop() {
        isWanted = true
        if !isStopped { _ = kerf_trace_interrupt(number) }
    }

    /// Lets it run.
    func resume() {
        isWanted = false
        guard isStopped else { return }
        (isStopped, isWaking) = (false, true)
        _ = kerf_trace_resume(number, 0)
    }

    /// Ends the tracing, if the thread is stopped.
    func detach() {
        guard isStopped else { return }
        isStopped = false
        isGone = kerf_trace_detach(number) == 0
    }

    /// Takes note of what it did, and passes signals on.
    func poll() {
        while !isGone {
            var signal: Int32 = 0
            switch kerf_trace_poll(number, &signal) {
            case KERF_TRACE_STOPPED:
                isStopped = true
                if !isWanted { resume() }
            case KERF_TRACE_SIGNAL:
                _ = kerf_trace_resume(number, signal)
                // The stop for the signal has taken the place of the one that was asked for.
                if isWanted { stop() }
            case KERF_TRACE_JOB_STOPPED:
                _ = kerf_trace_wait_for_continue(number)
            case KERF_TRACE_GONE: isGone = true
            default: return
            }
        }
    }
}
