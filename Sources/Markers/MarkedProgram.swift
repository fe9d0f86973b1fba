import FoundationEssentials
import Glibc
import Quantities
import SystemIO
import SystemPackage

/// A program that runs the profiled step, started by Kerf and asked over a socket. See docs/markers.md.
package final class MarkedProgram {
    private let process: ProgramProcess
    private let socket: FileDescriptor
    private let memory: MarkerMemory
    private let answerSeconds: Double
    private let checkpoint: () throws(KerfError) -> Void
    private let location: FilePath
    /// The process that computes; `nil` before the program's first message.
    private var worker: pid_t?
    private var received: [UInt8] = []

    /// Longest line that is read.
    private static let maximumLineBytes = 1 << 20
    /// A program may load a model before its first message.
    private static let greetingSeconds = 600.0
    /// What a program that is told to stop may still do, and one that is refused.
    private static let endingSeconds = 5.0
    private static let refusedSeconds = 1.0

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: the program, which is looked up in `PATH`, and its arguments; not empty.
    ///   - answerSeconds: how long an answer may take beyond the time that was asked for.
    ///   - checkpoint: asked while the program starts and works; throws where the run is to end.
    /// - Throws: ``KerfError``: ``KerfError/Code/notFound``, ``KerfError/Code/permissionDenied``.
    package init(
        _ command: [String], answerSeconds: Double, checkpoint: @escaping () throws(KerfError) -> Void
    ) throws(KerfError) {
        self.answerSeconds = answerSeconds
        self.checkpoint = checkpoint
        location = FilePath(command[0])
        memory = try MarkerMemory()
        let (own, theirs) = try Self.sockets()
        defer { try? theirs.close() }
        do {
            process = try ProgramProcess(command, socket: theirs, memory: memory.descriptor)
        } catch {
            try? own.close()
            throw error
        }
        socket = own
    }

    deinit { try? socket.close() }

    private static func sockets() throws(KerfError) -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw KerfError(.ioError, "cannot make a socket pair: \(Errno(rawValue: errno))")
        }
        return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }

    // MARK: - The conversation

    /// Waits for the program's first message, and welcomes it.
    ///
    /// - Throws: ``KerfError/Code/programFailed``; what the checkpoint throws.
    package func greet() throws(KerfError) -> Hello {
        let hello: Hello
        switch try parse(try line(within: Self.greetingSeconds, during: "its start")) {
        case .hello(let said): hello = said
        case .failed(let why): throw failure("failed before its first step: \(PlainText.shown(why))")
        case .done: throw failure("answered before it was asked")
        }
        do throws(KerfError) {
            try hello.check()
            guard process.contains(hello.pid) else {
                throw failure("says that process \(hello.pid) computes, which is none of its own")
            }
        } catch {
            // The refusal is the error, whether or not the program still hears it.
            try? send(.refused(error.message))
            process.end(within: Self.refusedSeconds)
            throw error
        }
        try send(.welcome)
        worker = hello.pid
        return hello
    }

    /// Asks the program to end, and ends it where it does not.
    package func stop() {
        // One that has gone need not be told.
        try? send(.stop)
        shutdown(socket.rawValue, Int32(SHUT_WR))
        process.end(within: Self.endingSeconds)
    }

    /// An answer as it came, and when. What it says is read later, outside of the window that it ends.
    struct RawAnswer {
        let request: ServerMessage
        let line: [UInt8]
        let began: MonotonicInstant
        let ended: MonotonicInstant
    }

    /// An answer that was checked.
    struct Answer {
        /// How often the work was done.
        let count: Int
        let marks: [Mark]
        let began: MonotonicInstant
        let ended: MonotonicInstant
    }

    /// Asks for work and waits until it is done.
    ///
    /// - Parameter seconds: how long the work goes on by itself.
    /// - Throws: ``KerfError/Code/programFailed``; what the checkpoint throws.
    func ask(_ request: ServerMessage, seconds: Double = 0) throws(KerfError) -> RawAnswer {
        guard received.isEmpty, try !receive(waitingMilliseconds: 0, during: request.work) else {
            throw failure("sent a message without being asked")
        }
        let began = MonotonicInstant.now()
        try send(request)
        let line = try line(within: seconds + answerSeconds, during: request.work)
        return RawAnswer(request: request, line: line, began: began, ended: .now())
    }

    /// - Throws: ``KerfError/Code/programFailed`` for anything but work that was done, with its marks.
    func check(_ answer: RawAnswer) throws(KerfError) -> Answer {
        let work = answer.request.work
        switch try parse(answer.line) {
        case .hello: throw failure("sent hello in place of an answer")
        case .failed(let why): throw failure("\(work) failed: \(PlainText.shown(why))")
        case .done(let done):
            guard done.dropped == 0 else {
                throw failure(
                    "wrote more marks for \(work) than fit (\(MarkerMemory.capacity)); \(done.dropped) were lost")
            }
            guard done.count > 0 || answer.request.isPreparation else {
                throw failure("did nothing when asked for \(work)")
            }
            guard let marks = memory.take(done.marks) else {
                throw failure("says that it wrote \(done.marks) marks, and the shared memory holds another number")
            }
            return Answer(count: done.count, marks: marks, began: answer.began, ended: answer.ended)
        }
    }

    // MARK: - Lines

    private func send(_ message: ServerMessage) throws(KerfError) {
        let line: String
        do {
            line = try KerfJSON.line(of: message) + "\n"
        } catch {
            throw KerfError(.programFailed, "cannot be asked: \(error)", at: location)
        }
        var bytes = Array(line.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw ended(during: "a message to it")
            }
            bytes.removeFirst(count)
        }
    }

    private func line(within seconds: Double, during work: String) throws(KerfError) -> [UInt8] {
        let start = MonotonicInstant.now()
        while true {
            if let line = nextLine() { return line }
            guard received.count < Self.maximumLineBytes else {
                throw failure("sent a line of more than \(Self.maximumLineBytes >> 20) MiB")
            }
            try checkpoint()
            // Also while something comes: a line may never end.
            guard MonotonicInstant.now().seconds(since: start) < seconds else {
                throw failure(
                    "gave no answer to \(work) in \(NumberText.fixed(seconds, digits: 0)) s", remedy: .longerAnswers)
            }
            if try !receive(waitingMilliseconds: 100, during: work) { try checkRunning(during: work) }
        }
    }

    private func nextLine() -> [UInt8]? {
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        defer { received.removeSubrange(...end) }
        return Array(received[..<end])
    }

    private func parse(_ line: [UInt8]) throws(KerfError) -> ClientMessage {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(ClientMessage.self, from: Data(line))
        } catch {
            let shown = PlainText.quoted(String(decoding: line.prefix(200), as: UTF8.self))
            throw failure("sent what is not a message of the marker protocol: \(shown) (\(KerfJSON.fault(error)))")
        }
    }

    /// - Returns: whether anything came.
    private func receive(waitingMilliseconds milliseconds: Int32, during work: String) throws(KerfError) -> Bool {
        var ready = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = bytes.withUnsafeMutableBytes {
            recv(socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
        }
        if count < 0 {
            if errno == EINTR || errno == EAGAIN { return false }
            throw ended(during: work)
        }
        guard count > 0 else { throw ended(during: work) }
        received += bytes.prefix(count)
        return true
    }

    // MARK: - Failures

    /// - Throws: where the program has ended or is stopped.
    private func checkRunning(during work: String) throws(KerfError) {
        if let failure = endedItself(during: work) { throw failure }
        // A tracer's stop, as of a virtual board that slows the program down, is another state.
        guard ProcessStat(of: worker ?? process.number)?.state == "T" else { return }
        throw failure("was stopped by a signal during \(work)")
    }

    /// The error for a socket that the program closed.
    private func ended(during work: String) -> KerfError {
        // Its end may be a moment away.
        for _ in 0..<100 {
            if let failure = endedItself(during: work) { return failure }
            usleep(10_000)
        }
        return failure("closed its connection during \(work)")
    }

    /// The error for a program that has ended; `nil` while it runs.
    private func endedItself(during work: String) -> KerfError? {
        process.ending().map {
            failure("ended with \($0) during \(work)", remedy: worker == nil ? .markedProgram : nil)
        }
    }

    private func failure(_ what: String, remedy: Remedy? = nil) -> KerfError {
        KerfError(.programFailed, what, at: location, remedy: remedy)
    }
}

extension ServerMessage {
    fileprivate var isPreparation: Bool {
        if case .prepare = self { true } else { false }
    }
}
