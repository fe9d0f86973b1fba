import Glibc
import SystemPackage

/// Messages and progress go here, so that standard output holds results alone.
package enum StandardError {
    package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    package static func write(_ text: String) {
        // If standard error cannot be written, there is no other place to report that.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}
