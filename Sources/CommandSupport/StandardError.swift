import Glibc
import SystemPackage

/// Messages and progress go here, so that standard output holds results alone.
package enum StandardError {
    package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether a line can be written over: a terminal that moves its cursor. An editor's or a log's is `dumb`.
    package static var canRedraw: Bool {
        isTerminal && getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
    }

    /// Columns of the terminal; 80 where it does not tell.
    package static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    package static func write(_ text: String) {
        // If standard error cannot be written, there is no other place to report that.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}
