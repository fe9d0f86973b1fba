import Glibc
import SystemIO
import SystemPackage

/// Prevents other changes of a folder of keys between reading and writing its lists. The kernel releases the lock when the
/// process ends for whatever reason.
final class FolderLock {
    private let descriptor: FileDescriptor

    /// Waits for the lock, which is held for milliseconds.
    init(_ folder: String) throws(KerfError) {
        let path = FilePath(folder)
        do {
            descriptor = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            throw KerfError(.noSuchFile, at: folder, "no such folder of keys", remedy: .makeKeys)
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
