import Glibc
import SystemIO
import SystemPackage

/// The process of a program that Kerf started, in a process group of its own.
///
/// Its standard output goes to Kerf's standard error, since Kerf's own may be a file's. Its standard input is empty.
final class ProgramProcess {
    let number: pid_t
    private var hasEnded = false
    private var isKilled = false

    /// From SIGTERM until SIGKILL.
    private static let terminationSeconds = 1.0

    /// - Parameters:
    ///   - command: the program, which is looked up in `PATH`, and its arguments; not empty.
    ///   - socket: its end of the conversation.
    ///   - memory: for its marks.
    /// - Throws: ``KerfError``: ``KerfError/Code/notFound``, ``KerfError/Code/permissionDenied``.
    init(_ command: [String], socket: FileDescriptor, memory: FileDescriptor) throws(KerfError) {
        let executable = try ProgramPath.find(command[0])
        // Numbers above both, so that no duplicate replaces one that is still needed.
        let highest = max(socket.rawValue, memory.rawValue)
        let numbers = (socket: highest + 1, memory: highest + 2)
        // A duplicate, since the child's own is opened anew before. Without one, what the program says is lost.
        let messages = FileDescriptor(rawValue: fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3))
        defer { try? messages.close() }
        let outputs: [ChildProcess.Inherited] =
            messages.rawValue < 0
            ? [] : [.init(messages, as: STDOUT_FILENO), .init(messages, as: STDERR_FILENO)]
        number = try ChildProcess.start(
            executable, Array(command.dropFirst()),
            inheriting: outputs + [.init(socket, as: numbers.socket), .init(memory, as: numbers.memory)],
            environment: ["KERF_MARKERS": "\(ServerMessage.version):\(numbers.socket):\(numbers.memory)"])
    }

    deinit { kill() }

    /// How the program ended; `nil` while it runs. What it has started and left behind is killed.
    func ending() -> ChildProcess.Ending? {
        guard !hasEnded else { return .gone }
        guard let ending = ChildProcess.status(number) else { return nil }
        hasEnded = true
        kill()
        return ending
    }

    /// Whether a process is the program or one of its descendants.
    func contains(_ process: pid_t) -> Bool {
        var ancestor = process
        for _ in 0..<64 {
            if ancestor == number { return true }
            guard ancestor > 1, let parent = ProcessStat(of: ancestor)?.parent else { return false }
            ancestor = parent
        }
        return false
    }

    /// Waits for the program's end, and ends it with what it has started: by SIGTERM, and at last by SIGKILL. After SIGINT
    /// or SIGTERM to Kerf itself there is no time to wait.
    func end(within seconds: Double) {
        let start = MonotonicInstant.now()
        while ending() == nil, !Interruption.isRequested, MonotonicInstant.now().seconds(since: start) < seconds {
            usleep(2000)
        }
        if !hasEnded {
            ChildProcess.end(number, within: Self.terminationSeconds)
            hasEnded = true
        }
        kill()
    }

    /// Kills the program and the processes that it started, unless they have left its group; once, since its number may
    /// then be given to another group.
    private func kill() {
        guard !isKilled else { return }
        isKilled = true
        Glibc.kill(-number, SIGKILL)
        guard !hasEnded else { return }
        hasEnded = true
        ChildProcess.awaitEnd(of: number, within: 0, pollMicroseconds: 2000)
    }
}
