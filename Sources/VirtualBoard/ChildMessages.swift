import Glibc
import SystemIO
import SystemPackage

/// What a child writes to its standard error, kept from the terminal so that its parent can say it once.
///
/// A pipe that is read when the child has ended. What a child writes after this object has gone is dropped.
final class ChildMessages {
    /// The child's standard error.
    let input: FileDescriptor
    private let output: FileDescriptor

    init() throws(KerfError) {
        do {
            (output, input) = try FileDescriptor.pipe()
        } catch {
            throw KerfError(.ioError, "cannot make a pipe: \(error)")
        }
        for end in [output, input] { _ = fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) }
        // Reading never waits: the child may have said nothing.
        _ = fcntl(output.rawValue, F_SETFL, O_NONBLOCK)
    }

    deinit {
        try? input.close()
        try? output.close()
    }

    /// The first line that has come; empty when nothing has.
    func firstLine() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = (try? bytes.withUnsafeMutableBytes { try output.read(into: $0) }) ?? 0
        let line = bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }
        return String(decoding: line, as: UTF8.self)
    }
}
