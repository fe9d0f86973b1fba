import Glibc
import SystemIO
import SystemPackage

/// Making directories and small files, with errors that name them.
enum BoardFiles {
    /// Makes a directory and those above it; one that is there is left as it is.
    static func makeDirectory(_ path: FilePath) throws(KerfError) {
        if SystemRoot().isDirectory(path) { return }
        let parent = path.removingLastComponent()
        if !parent.isEmpty && parent != path { try makeDirectory(parent) }
        guard mkdir(path.string, 0o755) != 0, errno != EEXIST else { return }
        throw KerfError(
            Errno(rawValue: errno), doing: "make directory", at: path,
            remedy: "name a place for the board where this user may make directories")
    }

    /// Writes a whole file. A link is refused: it could lead out of the tree.
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

    /// Writes a file that appears whole or not at all.
    static func replace(_ path: FilePath, _ bytes: [UInt8]) throws(KerfError) {
        let fresh = FilePath(path.string + ".new")
        try write(fresh, bytes)
        guard rename(fresh.string, path.string) != 0 else { return }
        throw KerfError(Errno(rawValue: errno), doing: "rename to", at: path)
    }
}
