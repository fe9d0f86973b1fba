import Glibc
import SystemPackage

/// Writes a file whole or not at all.
///
/// The bytes are written to a temporary file in the same directory and synchronized to the disk. The file is then renamed
/// in one step (rename(2)), so that a reader sees the old file or the new one. On a failure the temporary file is removed
/// and the old file is untouched. Signals that end a program are held back meanwhile.
package enum AtomicFile {
    /// - Parameter path: the file to create or replace. A link is followed. A device or pipe (`/dev/stdout`) is written
    ///   to directly, since it cannot be replaced.
    /// - Throws: ``KerfError``: ``KerfError/Code/cannotCreate``, ``KerfError/Code/permissionDenied`` or
    ///   ``KerfError/Code/ioError``.
    package static func write(_ bytes: [UInt8], to path: String) throws(KerfError) {
        do {
            var information = stat()
            let exists = stat(path, &information) == 0
            switch exists ? information.st_mode & S_IFMT : S_IFREG {
            case S_IFREG:
                // Not for a pipe, which may wait for its reader for as long as that likes.
                let held = SignalHold()
                defer { held.release() }
                let target = exists ? try resolved(path) : path
                try replace(target, with: bytes, mode: exists ? information.st_mode & 0o777 : nil)
            case S_IFDIR:
                throw Errno.isDirectory
            case let kind:
                let descriptor =
                    kind == S_IFIFO
                    ? try NamedPipe.openForWriting(path)
                    : try FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
                _ = try descriptor.closeAfter { try descriptor.writeAll(bytes) }
            }
        } catch let error as KerfError {
            throw error
        } catch let errno as Errno {
            throw failure(errno, path)
        } catch {
            throw KerfError(.ioError, at: path, "cannot be written: \(error)")
        }
    }

    /// Removes the temporary files that killed processes have left beside a file: those of processes that have ended, or that
    /// had this process's number before.
    package static func removeRemains(of path: String) {
        let target = FilePath(path)
        guard let name = target.lastComponent else { return }
        let directory = target.removingLastComponent()
        let prefix = temporaryPrefix(of: name)
        for found in SystemRoot().names(in: directory.isEmpty ? "." : directory) where found.hasPrefix(prefix) {
            guard let writer = pid_t(found.dropFirst(prefix.count).prefix { $0 != "-" }), writer > 0 else { continue }
            let hasEnded = kill(writer, 0) != 0 && errno == ESRCH
            if hasEnded || writer == getpid() { unlink(directory.appending(found).string) }
        }
    }

    private static func temporaryPrefix(of name: FilePath.Component) -> String { ".\(name.string.prefix(200)).kerf-" }

    /// - Parameter mode: permissions of the file that is replaced, which the new one keeps.
    private static func replace(_ path: String, with bytes: [UInt8], mode: mode_t?) throws {
        let target = FilePath(path)
        guard let name = target.lastComponent else { throw Errno.isDirectory }
        let directory = target.removingLastComponent()
        let temporary = directory.appending(
            temporaryPrefix(of: name) + "\(getpid())-\(UInt32.random(in: 0 ... .max))")
        let descriptor = try FileDescriptor.open(
            temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: FilePermissions(rawValue: 0o666))
        do {
            try descriptor.closeAfter {
                if let mode { _ = fchmod(descriptor.rawValue, mode) }
                try descriptor.writeAll(bytes)
                try valueOrErrno { fsync(descriptor.rawValue) }
            }
            try valueOrErrno { rename(temporary.string, path) }
        } catch {
            unlink(temporary.string)
            throw error
        }
        // The rename reaches the disk with the directory. The file is whole either way, so a file system that cannot
        // synchronize directories is not a failure.
        if let folder = try? FileDescriptor.open(directory.isEmpty ? "." : directory, .readOnly, options: .closeOnExec)
        {
            fsync(folder.rawValue)
            try? folder.close()
        }
    }

    /// The file behind symbolic links.
    private static func resolved(_ path: String) throws -> String {
        guard let found = realpath(path, nil) else { throw Errno(rawValue: errno) }
        defer { free(found) }
        return String(cString: found)
    }

    private static func failure(_ errno: Errno, _ path: String) -> KerfError {
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory:
            KerfError(
                .cannotCreate, at: path, "cannot be written: its directory does not exist",
                remedy: "make the directory first")
        case .isDirectory:
            KerfError(
                .cannotCreate, at: path, "cannot be written: this is a directory", remedy: "give a file name in it")
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            KerfError(
                .permissionDenied, at: path, "cannot be written: \(errno)", remedy: "write to a directory of your own")
        case .noSpace, Errno(rawValue: EDQUOT), .fileTooLarge:
            KerfError(
                .ioError, at: path, "cannot be written: \(errno)", remedy: "free some space; this file is unchanged")
        default:
            KerfError(.ioError, at: path, "cannot be written: \(errno)", remedy: "this file is unchanged")
        }
    }
}
