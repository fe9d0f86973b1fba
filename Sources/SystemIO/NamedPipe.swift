import Glibc
import SystemPackage

/// Files that may be pipes: one without its other end is refused, and nothing waits for it forever.
///
/// Source: fifo(7), pipe(7).
enum NamedPipe {
    /// Time in which the other end must be opened: a shell may start the writer after the reader.
    static let timeoutSeconds = 1.0
    private static let retryMicroseconds: UInt32 = 10_000

    /// Reads a file from its beginning, up to a limit. A pipe is read until its writers close it, however long they take.
    ///
    /// - Parameter descriptor: opened with `O_NONBLOCK`, without which the opening waits for a writer.
    /// - Throws: ``KerfError/Code/noSuchFile`` for a pipe that nothing writes to; `Errno`.
    static func read(
        _ descriptor: FileDescriptor, _ path: String, limit: Int, timeoutSeconds: Double = NamedPipe.timeoutSeconds
    ) throws -> BoundedRead {
        let isPipe = try mode(of: descriptor) & S_IFMT == S_IFIFO
        let began = MonotonicInstant.now()
        return try BoundedRead(limit: limit) { buffer, offset in
            while true {
                do {
                    let count = try descriptor.read(into: buffer)
                    // Until a writer has come and gone, a pipe without one cannot be told from an empty one.
                    guard isPipe, count == 0, offset == 0 else { return count }
                    guard MonotonicInstant.now().seconds(since: began) < timeoutSeconds else {
                        throw KerfError(
                            .noSuchFile, at: path, "nothing was written to this pipe",
                            remedy: "check the program that should write to it, or give a file")
                    }
                    usleep(retryMicroseconds)
                } catch Errno.resourceTemporarilyUnavailable {
                    var waited = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
                    guard poll(&waited, 1, -1) >= 0 || errno == EINTR else { throw Errno(rawValue: errno) }
                }
            }
        }
    }

    /// Opens a pipe to write to it. The descriptor blocks.
    ///
    /// - Throws: ``KerfError/Code/cannotCreate`` for a pipe that nothing reads; `Errno`.
    static func openForWriting(
        _ path: String, timeoutSeconds: Double = NamedPipe.timeoutSeconds
    ) throws -> FileDescriptor {
        let began = MonotonicInstant.now()
        while true {
            do {
                let descriptor = try FileDescriptor.open(
                    FilePath(path), .writeOnly, options: [.closeOnExec, .nonBlocking])
                let flags = fcntl(descriptor.rawValue, F_GETFL)
                _ = fcntl(descriptor.rawValue, F_SETFL, flags & ~O_NONBLOCK)
                return descriptor
            } catch Errno.noSuchAddressOrDevice {
                guard MonotonicInstant.now().seconds(since: began) < timeoutSeconds else {
                    throw KerfError(
                        .cannotCreate, at: path, "this is a pipe that nothing reads", remedy: "give a file")
                }
                usleep(retryMicroseconds)
            }
        }
    }

    private static func mode(of descriptor: FileDescriptor) throws(Errno) -> mode_t {
        var information = stat()
        guard fstat(descriptor.rawValue, &information) == 0 else { throw Errno(rawValue: errno) }
        return information.st_mode
    }
}
