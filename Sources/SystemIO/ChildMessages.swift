import Glibc
import SystemPackage

/// A pipe that receives what a child writes, so that its parent can wait for a line, or report a message once.
///
/// Output beyond the pipe's size of 64 KiB stops the child until it is read.
package final class ChildMessages {
    /// The child's end.
    package let input: FileDescriptor
    private let output: FileDescriptor
    private var received: [UInt8] = []

    package init() throws(KerfError) {
        do {
            (output, input) = try FileDescriptor.pipe()
        } catch {
            throw KerfError(.ioError, "cannot make a pipe: \(error)")
        }
        for end in [output, input] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        // Reading does not block: the child may have written nothing.
        _ = fcntl(output.rawValue, F_SETFL, O_NONBLOCK)
    }

    deinit {
        try? input.close()
        try? output.close()
    }

    /// The first line so far; empty without one.
    package func firstLine() -> String { lines().first ?? "" }

    /// The lines so far; the last may not have ended yet.
    package func lines() -> [String] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while let count = try? bytes.withUnsafeMutableBytes({ try output.read(into: $0) }), count > 0 {
            received += bytes.prefix(count)
        }
        return received.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}
