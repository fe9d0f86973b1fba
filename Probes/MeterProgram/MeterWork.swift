import Glibc
import ProbeKit
import Synchronization
import SystemIO
import SystemPackage

/// A meter program and the thread that takes what it writes. The thread does not hold the meter, which could not end then.
final class MeterWork: Sendable {
    private struct State {
        var lines: MeterLines
        /// The latest of what the program wrote to its standard error.
        var errors: [UInt8] = []
        var shouldEnd = false
        var thread: UInt = 0
    }

    private static let pollMilliseconds: Int32 = 100
    private static let maximumErrorBytes = 2048

    private let name: String
    private let process: MeterProcess
    private let state: Mutex<State>

    /// Starts the program and the thread.
    init(_ command: [String], named name: String, launcher: FilePath?) throws(KerfError) {
        self.name = name
        process = try MeterProcess(command, launcher: launcher)
        state = Mutex(State(lines: MeterLines(of: name, at: .now())))
        let thread = try start()
        state.withLock { $0.thread = thread }
    }

    var lines: MeterLines { state.withLock(\.lines) }

    /// Ends the thread and the program. A second call does nothing.
    func stop() {
        let thread = state.withLock { state in
            state.shouldEnd = true
            defer { state.thread = 0 }
            return state.thread
        }
        if thread != 0 { pthread_join(pthread_t(thread), nil) }
        process.end()
    }

    /// The last line of the program's standard error, to follow a message; empty without one.
    var said: String {
        let line = state.withLock { state in
            String(decoding: state.errors, as: UTF8.self).split(whereSeparator: \.isNewline).last.map(String.init)
        }
        return line.map { "; it said: " + PlainText.shown($0, limit: 160) } ?? ""
    }

    // MARK: - The thread

    private func run() {
        var splitter = LineSplitter(maximumBytes: MeterLine.maximumBytes)
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        var isOpen = (output: true, errors: true)
        while isOpen.output, !state.withLock({ $0.shouldEnd }) {
            var ends = [
                pollfd(fd: process.output.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isOpen.errors ? process.errors.rawValue : -1, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&ends, 2, Self.pollMilliseconds) > 0 else { continue }
            if ends[1].revents != 0 { isOpen.errors = takeErrors(&buffer) }
            guard ends[0].revents != 0 else { continue }
            let (bytes, goesOn) = read(process.output, &buffer)
            let arrival = MonotonicInstant.now()
            isOpen.output = goesOn
            for line in splitter.lines(adding: bytes) { add(line, arrival) }
            guard state.withLock({ $0.lines.failure }) == nil else { return process.end() }
        }
        guard !isOpen.output else { return }
        // What is left without a line feed may be cut off.
        let ending = process.ending()
        _ = takeErrors(&buffer)
        let how = ending.map { "has ended (\($0))" } ?? "has closed its output"
        let error = KerfError(
            .meterEnded, "\(name) \(how)\(said)", remedy: "run it alone and see what it writes")
        state.withLock { $0.lines.fail(error) }
        process.end()
    }

    private func add(_ line: [UInt8], _ arrival: MonotonicInstant) {
        state.withLock { $0.lines.add(line, arrival: arrival) }
    }

    /// - Returns: whether more may come.
    private func takeErrors(_ buffer: inout [UInt8]) -> Bool {
        let (bytes, goesOn) = read(process.errors, &buffer)
        state.withLock { state in
            state.errors += bytes
            if state.errors.count > Self.maximumErrorBytes {
                state.errors.removeFirst(state.errors.count - Self.maximumErrorBytes)
            }
        }
        return goesOn
    }

    /// What can be read without waiting.
    private func read(_ end: FileDescriptor, _ buffer: inout [UInt8]) -> (bytes: ArraySlice<UInt8>, goesOn: Bool) {
        do {
            let count = try buffer.withUnsafeMutableBytes { try end.read(into: $0) }
            return (buffer[..<count], count > 0)
        } catch {
            return ([], (error as? Errno) == .resourceTemporarilyUnavailable)
        }
    }

    private func start() throws(KerfError) -> UInt {
        var thread = pthread_t()
        let held = Unmanaged.passRetained(self)
        let result = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                let work = Unmanaged<MeterWork>.fromOpaque(pointer).takeRetainedValue()
                MeasuringThreads.run { work.run() }
                return nil
            }, held.toOpaque())
        guard result == 0 else {
            held.release()
            throw KerfError(.ioError, "cannot create the thread that reads \(name): error \(result)")
        }
        return UInt(thread)
    }
}
