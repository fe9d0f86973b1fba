import Glibc
import Synchronization
import SystemIO
import SystemPackage

/// A virtual board in a child process, for a box without meters.
///
/// The child runs the board's command on a directory. It ends with ``stop()``, with the last reference to this object, or with
/// its parent for whatever reason. A separate process keeps its updates going while the measured threads run, and its
/// processor time out of theirs.
package final class EmbeddedBoard: Sendable {
    package let root: SystemRoot
    private let child: Mutex<pid_t?>

    private static let startSeconds = 60.0
    private static let stopSeconds = 2.0

    /// Starts the board and waits until it is served, for at most a minute on a busy machine.
    ///
    /// - Parameters:
    ///   - executable: the `kerf` program.
    ///   - directory: the root of the tree.
    ///   - pid: the process whose processor time counts; `nil` for this one.
    /// - Throws: ``KerfError``; when the board refuses, with its reason. ``KerfError/Code/inUse`` for a directory with other
    ///   files.
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
        if pid == nil || pid == getpid() { VirtualBoard.permitSlowing(by: started) }
        try waitUntilServed(started, messages)
    }

    deinit { stop() }

    /// Asks the board to end, and kills it after two seconds. A second call does nothing.
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

    /// The error of a board that ended at once: its message, and the category by its exit code (sysexits.h).
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
        // The line contains the location.
        return KerfError(code, String(line.dropFirst(prefix.count)))
    }
}
