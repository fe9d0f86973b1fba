import FoundationEssentials
import Glibc
import SystemIO
import SystemPackage

/// A program that runs the profiled step, started by Kerf and asked over a socket. See docs/markers.md.
///
/// Its standard output goes to Kerf's standard error, since Kerf's own may be a file's. Its standard input is empty.
package final class MarkedProgram {
    /// What the program said of itself; set by ``greet(checkpoint:)``.
    package private(set) var hello: Hello?
    /// The command line.
    package let command: [String]
    private let pid: pid_t
    private let socket: FileDescriptor
    private let memory: MarkerMemory
    private var received: [UInt8] = []
    private var isEnded = false
    private var isKilled = false
    private let answerSeconds: Double

    /// Longest line that is read.
    private static let maximumLineBytes = 1 << 20
    /// A program may load a model before its first message.
    private static let greetingSeconds = 600.0
    /// From the request to end until SIGTERM, and from there until SIGKILL.
    private static let endingSeconds = 5.0

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: the program, which is looked up in `PATH`, and its arguments; not empty.
    ///   - answerSeconds: how long an answer may take beyond the time that was asked for.
    /// - Throws: ``KerfError``: ``KerfError/Code/notFound``, ``KerfError/Code/permissionDenied``.
    package init(_ command: [String], answerSeconds: Double = 120) throws(KerfError) {
        self.command = command
        self.answerSeconds = answerSeconds
        let executable = try ProgramPath.find(command[0])
        memory = try MarkerMemory()
        let (own, theirs) = try Self.sockets()
        socket = own
        defer { try? theirs.close() }
        // Numbers above those that are duplicated, so that no duplicate replaces one that is still needed.
        let numbers: (socket: Int32, memory: Int32) = (198, 199)
        // A duplicate, since the child's own is opened anew before.
        let messages = FileDescriptor(rawValue: fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 200))
        defer { try? messages.close() }
        pid = try ChildProcess.start(
            executable, Array(command.dropFirst()),
            inheriting: [
                .init(messages, as: STDOUT_FILENO), .init(messages, as: STDERR_FILENO),
                .init(theirs, as: numbers.socket), .init(memory.descriptor, as: numbers.memory),
            ],
            environment: ["KERF_MARKERS": "\(ServerMessage.version):\(numbers.socket):\(numbers.memory)"])
    }

    deinit {
        kill()
        try? socket.close()
    }

    private static func sockets() throws(KerfError) -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw KerfError(.ioError, "cannot make a socket pair: \(Errno(rawValue: errno))")
        }
        return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }

    // MARK: - Messages

    /// Waits for the program's first message, and welcomes it.
    ///
    /// - Parameter checkpoint: asked while waiting; throws where the run is to end.
    /// - Throws: ``KerfError/Code/programFailed``; what `checkpoint` throws.
    package func greet(checkpoint: () throws -> Void) throws -> Hello {
        let hello: Hello
        switch try message(within: Self.greetingSeconds, during: "its start", checkpoint) {
        case .hello(let said): hello = said
        case .failed(let why): throw failure("failed before its first step: \(PlainText.shown(why))")
        case .done: throw failure("answered before it was asked")
        }
        do throws(KerfError) {
            try hello.check()
            guard isOwn(hello.pid) else {
                throw failure("says that process \(hello.pid) computes, which is none of its own")
            }
        } catch {
            try? send(.refused(error.message))
            throw error
        }
        try send(.welcome)
        self.hello = hello
        return hello
    }

    /// Asks for work and waits until it is done.
    ///
    /// - Parameter seconds: how long the work goes on by itself.
    /// - Returns: how often it was done, and its marks.
    /// - Throws: ``KerfError/Code/programFailed``; what `checkpoint` throws.
    func ask(
        _ request: ServerMessage, seconds: Double = 0, checkpoint: () throws -> Void
    ) throws -> (count: Int, marks: [Mark], began: MonotonicInstant, ended: MonotonicInstant) {
        guard received.isEmpty, try !receive(waitingMilliseconds: 0) else {
            throw failure("sent a message without being asked")
        }
        let began = MonotonicInstant.now()
        try send(request)
        switch try message(within: seconds + answerSeconds, during: request.work, checkpoint) {
        case .hello: throw failure("sent hello in place of an answer")
        case .failed(let why): throw failure("\(request.work) failed: \(PlainText.shown(why))")
        case .done(let answer):
            let ended = MonotonicInstant.now()
            guard answer.dropped == 0 else {
                throw failure(
                    "\(request.work) has more marks than the \(MarkerMemory.capacity) that the shared memory holds: "
                        + "\(answer.dropped) were lost")
            }
            guard answer.count > 0 || request == .prepare(pass: request.passNumber ?? -1) else {
                throw failure("did nothing when asked for \(request.work)")
            }
            guard let marks = memory.take(answer.marks) else {
                throw failure("says that it wrote \(answer.marks) marks, and the shared memory holds another number")
            }
            return (answer.count, marks, began, ended)
        }
    }

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

    private func message(
        within seconds: Double, during work: String, _ checkpoint: () throws -> Void
    ) throws -> ClientMessage {
        let start = MonotonicInstant.now()
        while true {
            if let line = nextLine() { return try parse(line) }
            guard received.count < Self.maximumLineBytes else {
                throw failure("sent a line of more than \(Self.maximumLineBytes >> 20) MiB")
            }
            try checkpoint()
            if try receive(waitingMilliseconds: 100) { continue }
            try checkRunning(during: work)
            guard MonotonicInstant.now().seconds(since: start) < seconds else {
                throw failure("gave no answer to \(work) in \(Int(seconds)) s")
            }
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
    private func receive(waitingMilliseconds milliseconds: Int32) throws -> Bool {
        var ready = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = bytes.withUnsafeMutableBytes {
            recv(socket.rawValue, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
        }
        if count < 0 {
            if errno == EINTR || errno == EAGAIN { return false }
            throw ended(during: "a message from it")
        }
        guard count > 0 else { throw ended(during: "the run") }
        received += bytes.prefix(count)
        return true
    }

    // MARK: - The process

    /// - Throws: where the program has ended or is stopped.
    private func checkRunning(during work: String) throws(KerfError) {
        if let ending = ChildProcess.status(pid) {
            isEnded = true
            throw failure("ended with \(ending) during \(work)")
        }
        // A tracer's stop, as of a virtual board that slows the program down, is another state.
        guard ProcessState.state(of: hello?.pid ?? pid) == "T" else { return }
        throw failure("was stopped by a signal during \(work)")
    }

    /// The error for a socket that the program closed.
    private func ended(during work: String) -> KerfError {
        // Its end may be a moment away.
        for _ in 0..<100 {
            if let ending = ChildProcess.status(pid) {
                isEnded = true
                return failure("ended with \(ending) during \(work)")
            }
            usleep(10_000)
        }
        return failure("closed its connection during \(work)")
    }

    private func failure(_ what: String) -> KerfError { KerfError(.programFailed, what, at: location) }

    private var location: FilePath { FilePath(command[0]) }

    /// Whether a process is the program or one of its descendants.
    private func isOwn(_ process: pid_t) -> Bool {
        var ancestor = process
        for _ in 0..<64 {
            if ancestor == pid { return true }
            guard ancestor > 1, let parent = ProcessState.parent(of: ancestor) else { return false }
            ancestor = parent
        }
        return false
    }

    /// Asks the program to end, and waits until it has; kills what is left of it.
    package func stop() {
        try? send(.stop)
        shutdown(socket.rawValue, Int32(SHUT_WR))
        if !isEnded { ChildProcess.awaitEnd(of: pid, within: Self.endingSeconds, pollMicroseconds: 2000) }
        isEnded = true
        kill()
    }

    /// Kills the program and the processes that it started, unless they have left its group; once, since its number may
    /// then be given to another group.
    private func kill() {
        guard !isKilled else { return }
        isKilled = true
        Glibc.kill(-pid, SIGKILL)
        guard !isEnded else { return }
        isEnded = true
        ChildProcess.awaitEnd(of: pid, within: 0, pollMicroseconds: 2000)
    }
}

extension ServerMessage {
    fileprivate var passNumber: Int? {
        if case .prepare(let pass) = self { pass } else { nil }
    }
}
