import Glibc
import Synchronization
import SystemIO
import SystemPackage

/// A virtual board in a child process, for a box without meters.
///
/// The child runs `kerf board` on a directory and ends with ``stop()``, with the last reference to this object, or
/// with its parent, however that ends. It is a process of its own so that its updates go on, and its processor time
/// stays apart, while the measured threads run.
package final class EmbeddedBoard: Sendable {
    package let root: SystemRoot
    private let child: Mutex<pid_t?>

    private static let startSeconds = 60.0
    private static let stopSeconds = 2.0

    /// Starts the board and waits until it is served, at most a minute: a machine may be busy, and a child that ends is
    /// noticed at once.
    ///
    /// - Parameters:
    ///   - executable: the `kerf` program.
    ///   - directory: where the tree goes.
    ///   - pid: the process whose processor time counts; this one where none is named.
    /// - Throws: ``KerfError``; when the board itself refuses, with its reason and ``KerfError/Code/inUse`` for a
    ///   directory that is somebody else's.
    package init(
        executable: FilePath, directory: FilePath, measuring pid: Int32? = nil
    ) throws(KerfError) {
        root = SystemRoot(directory)
        let messages = try ChildMessages()
        let started = try ChildProcess.start(
            executable,
            ["board", "--root", directory.string, "--pid", "\(pid ?? getpid())", "--quiet", "--exit-with-parent"],
            inheriting: [.init(messages.input, as: STDERR_FILENO)])
        child = Mutex(started)
        try waitUntilServed(started, messages)
    }

    deinit { stop() }

    /// Ends the board: asks it to, and after two seconds makes it. A second call does nothing.
    package func stop() {
        let pid = child.withLock { child in
            defer { child = nil }
            return child
        }
        guard let pid else { return }
        ChildProcess.end(pid, within: Self.stopSeconds)
    }

    private func waitUntilServed(_ pid: pid_t, _ messages: ChildMessages) throws(KerfError) {
        let start = MonotonicInstant.now()
        while MonotonicInstant.now().seconds(since: start) < Self.startSeconds {
            if let marker = VirtualBoard.marker(in: root), marker.pid == pid, marker.isServed { return }
            if let ending = ChildProcess.status(pid) {
                child.withLock { $0 = nil }
                throw refusal(ending, messages.firstLine())
            }
            usleep(5000)
        }
        stop()
        throw KerfError(.ioError, "the virtual board was not served within \(Self.startSeconds) s", at: root.path)
    }

    /// The one reason that a board which ended at once gave: its line, and by its exit code (sysexits.h) what kind.
    private func refusal(_ ending: ChildProcess.Ending, _ line: String) -> KerfError {
        let prefix = "kerf: error: "
        guard case .exit(let status) = ending, line.hasPrefix(prefix) else {
            let said = line.isEmpty ? "" : ": " + line
            return KerfError(.ioError, "the virtual board ended at once (\(ending))\(said)", at: root.path)
        }
        let code: KerfError.Code =
            switch status {
            case EX_CANTCREAT: .inUse
            case EX_NOPERM: .permissionDenied
            case EX_UNAVAILABLE: .notFound
            default: .ioError
            }
        // The line names the place already.
        return KerfError(code, String(line.dropFirst(prefix.count)))
    }
}
