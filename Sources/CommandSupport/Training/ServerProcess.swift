import Glibc
import SystemIO
import SystemPackage

/// `kerf serve` in a child process, for a run with both sides on this box.
package final class ServerProcess {
    /// Where it listens: `127.0.0.1:PORT`.
    package let address: String
    private let pid: pid_t
    private let messages: ChildMessages

    private static let startSeconds = 120.0
    private static let stopSeconds = 10.0

    /// Starts a server without keys on a free port, and waits until it listens.
    ///
    /// - Parameter arguments: further options of `kerf serve`.
    /// - Throws: ``KerfError`` with the server's own message where it ends at once.
    package init(arguments: [String]) throws(KerfError) {
        let messages = try ChildMessages()
        pid = try ChildProcess.start(
            "/proc/self/exe",
            ["serve", "--insecure", "--listen", "127.0.0.1:0", "--exit-with-parent"] + arguments,
            inheriting: [.init(messages.input, as: STDOUT_FILENO), .init(messages.input, as: STDERR_FILENO)])
        self.messages = messages
        let start = MonotonicInstant.now()
        let prefix = "listening on "
        while MonotonicInstant.now().seconds(since: start) < Self.startSeconds {
            if let line = messages.lines().first(where: { $0.hasPrefix(prefix) }) {
                address = String(line.dropFirst(prefix.count))
                return
            }
            if let ending = ChildProcess.status(pid) {
                throw KerfError(
                    .ioError, "the server ended at once (\(ending)): \(PlainText.shown(messages.firstLine()))")
            }
            usleep(5000)
        }
        ChildProcess.end(pid, within: Self.stopSeconds)
        throw KerfError(.ioError, "the server did not listen within \(Self.startSeconds) s")
    }

    /// Asks it to end, and kills it after ten seconds.
    package func stop() { ChildProcess.end(pid, within: Self.stopSeconds) }
}
