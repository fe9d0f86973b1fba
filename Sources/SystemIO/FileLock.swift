import Glibc
import SystemPackage

/// An exclusive lock on a file or a folder (flock(2)). The kernel releases it when the process ends for whatever reason.
package final class FileLock: Sendable {
    private let descriptor: FileDescriptor

    /// Waits for the lock.
    ///
    /// - Throws: ``KerfError`` of open(2) or flock(2).
    package init(
        waitingFor path: FilePath, _ mode: FileDescriptor.AccessMode, options: FileDescriptor.OpenOptions
    ) throws(KerfError) {
        do {
            descriptor = try FileDescriptor.open(path, mode, options: options.union(.closeOnExec))
        } catch let errno as Errno {
            throw KerfError(errno, doing: "open", at: path)
        } catch {
            throw KerfError(.ioError, "cannot open: \(error)", at: path)
        }
        do {
            try valueOrErrno { flock(descriptor.rawValue, LOCK_EX) }
        } catch {
            try? descriptor.close()
            throw KerfError(error, doing: "lock", at: path)
        }
    }

    deinit { try? descriptor.close() }
}
