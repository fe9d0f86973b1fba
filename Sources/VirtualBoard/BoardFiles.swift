import Glibc
import SystemIO
import SystemPackage

/// Creates directories and small files, with errors that name them.
///
/// ``AtomicFile`` is not used here: it follows links and synchronizes to the disk. A link could lead out of the tree, and a
/// board's files need not survive a crash of the machine.
enum BoardFiles {
    /// Creates a directory and its parents, unless it exists.
    static func makeDirectory(_ path: FilePath) throws(KerfError) {
        if SystemRoot().isDirectory(path) { return }
        let parent = path.removingLastComponent()
        if !parent.isEmpty && parent != path { try makeDirectory(parent) }
        do {
            try SystemIO.makeDirectory(path)
        } catch {
            throw KerfError(
                error, doing: "make directory", at: path,
                remedy: "choose a directory for the board where this user may create directories")
        }
    }

    /// Writes a whole file. A link is refused, since it could lead out of the tree.
    static func write(_ path: FilePath, _ bytes: [UInt8]) throws(KerfError) {
        do {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch let errno as Errno {
            throw KerfError(errno, doing: "write", at: path)
        } catch {
            throw KerfError(.ioError, "cannot write: \(error)", at: path)
        }
    }

    /// Replaces a file in one step.
    static func replace(_ path: FilePath, _ bytes: [UInt8]) throws(KerfError) {
        let fresh = FilePath(path.string + ".new")
        try write(fresh, bytes)
        do {
            try valueOrErrno { rename(fresh.string, path.string) }
        } catch {
            throw KerfError(error, doing: "rename to", at: path)
        }
    }
}
