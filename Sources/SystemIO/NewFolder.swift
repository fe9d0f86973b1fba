import FoundationEssentials
import Glibc
import SystemPackage

/// Makes a folder with its files whole or not at all.
///
/// The files are written to a hidden folder next to its place and synchronized to the disk; then it is renamed in one
/// step (rename(2)), which fails where there is anything but an empty folder: of two processes one succeeds. Signals that
/// end a program are blocked meanwhile. What a killed process left is removed by the next one that makes a folder in the
/// same place; the lock on it says whether its process still lives.
package struct NewFolder: Sendable {
    package struct File: Sendable {
        /// Relative to the folder; its own folder is made.
        package var path: FilePath
        package var bytes: [UInt8]
        package var permissions: FilePermissions

        package init(_ path: FilePath, _ bytes: [UInt8], permissions: FilePermissions) {
            self.path = path
            self.bytes = bytes
            self.permissions = permissions
        }
    }

    /// Files in the order in which they are written.
    package var files: [File]
    /// Permissions of the folder and those in it, less the process's mask.
    package var folderPermissions: FilePermissions

    package init(files: [File], folderPermissions: FilePermissions = .ownerReadWriteExecute) {
        self.files = files
        self.folderPermissions = folderPermissions
    }

    /// Whether a folder holds these files, byte for byte, and nothing else; only for files that are not in folders of
    /// their own.
    package func isMade(at path: FilePath) -> Bool {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path.string),
            Set(names) == Set(files.map(\.path.string))
        else { return false }
        return files.allSatisfy { file in
            let found = try? FileBytes.read(path.appending(file.path.components).string, limit: file.bytes.count)
            return found == file.bytes
        }
    }

    /// - Parameter path: does not exist, or is an empty folder, which is replaced.
    /// - Throws: ``KerfError``: ``KerfError/Code/cannotCreate``, ``KerfError/Code/permissionDenied`` or
    ///   ``KerfError/Code/ioError``. Nothing is left at `path` or next to it then.
    package func create(at path: FilePath) throws(KerfError) {
        guard let name = path.lastComponent, name.kind == .regular else {
            throw KerfError(.cannotCreate, "cannot be made: not the name of a new folder", at: path)
        }
        let held = SignalHold()
        defer { held.release() }
        let parent = path.removingLastComponent()
        let place = parent.isEmpty ? FilePath(".") : parent
        let prefix = ".\(name.string.prefix(180)).kerf-"
        do {
            Self.removeAbandoned(in: place)
            let (temporary, lock) = try makeTemporary(prefix, in: place)
            defer { try? lock.close() }
            do {
                try write(to: temporary)
                try valueOrErrno { rename(temporary.string, path.string) }
            } catch {
                try? FileManager.default.removeItem(atPath: temporary.string)
                throw error
            }
            // As for AtomicFile: the folder is whole whether or not its file system can synchronize directories.
            try? Self.synchronize(place)
        } catch let errno as Errno {
            throw failure(errno, path)
        } catch {
            throw KerfError(.ioError, "cannot be made: \(error)", at: path)
        }
    }

    private func write(to folder: FilePath) throws {
        for file in files {
            let target = folder.appending(file.path.components)
            let parent = target.removingLastComponent()
            if parent != folder, mkdir(parent.string, folderPermissions.rawValue) != 0, errno != EEXIST {
                throw Errno(rawValue: errno)
            }
            let descriptor = try FileDescriptor.open(
                target, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
                permissions: file.permissions)
            try descriptor.closeAfter {
                try descriptor.writeAll(file.bytes)
                try valueOrErrno { fsync(descriptor.rawValue) }
            }
            try Self.synchronize(parent)
        }
        try Self.synchronize(folder)
    }

    /// An empty folder, locked by the descriptor that is returned. Another process may take a folder for abandoned before it
    /// is locked; then the next one is made.
    private func makeTemporary(_ prefix: String, in parent: FilePath) throws -> (FilePath, FileDescriptor) {
        while true {
            let path = parent.appending("\(prefix)\(getpid())-\(UInt32.random(in: 0 ... .max))")
            try valueOrErrno { mkdir(path.string, folderPermissions.rawValue) }
            let descriptor: FileDescriptor
            do {
                descriptor = try FileDescriptor.open(path, .readOnly, options: [.directory, .noFollow, .closeOnExec])
            } catch Errno.noSuchFileOrDirectory {
                continue
            }
            try valueOrErrno { flock(descriptor.rawValue, LOCK_EX) }
            var information = stat()
            if stat(path.string, &information) == 0 { return (path, descriptor) }
            try descriptor.close()
        }
    }

    private static func removeAbandoned(in parent: FilePath) {
        // The names that makeTemporary gives.
        let pattern = /\..+\.kerf-[0-9]+-[0-9]+/
        for name in SystemRoot(parent).names(in: parent) where name.wholeMatch(of: pattern) != nil {
            let path = parent.appending(name)
            guard
                let descriptor = try? FileDescriptor.open(
                    path, .readOnly, options: [.directory, .noFollow, .closeOnExec])
            else { continue }
            if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 {
                try? FileManager.default.removeItem(atPath: path.string)
            }
            try? descriptor.close()
        }
    }

    private static func synchronize(_ folder: FilePath) throws {
        let descriptor = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
        try descriptor.closeAfter { _ = fsync(descriptor.rawValue) }
    }

    private func failure(_ errno: Errno, _ path: FilePath) -> KerfError {
        switch errno {
        case .directoryNotEmpty, .fileExists, .notDirectory, .resourceBusy:
            KerfError(
                .cannotCreate, "cannot be made: it exists and is not an empty folder", at: path, cause: errno,
                remedy: "give another name, or move it away")
        case .noSuchFileOrDirectory:
            KerfError(
                .cannotCreate, "cannot be made: the folder above it does not exist", at: path, cause: errno,
                remedy: "make that folder first")
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            KerfError(
                .permissionDenied, "cannot be made: \(errno)", at: path, cause: errno,
                remedy: "write to a directory of your own")
        default:
            KerfError(
                .ioError, "cannot be made: \(errno)", at: path, cause: errno,
                remedy: "free some space; nothing was written")
        }
    }
}
