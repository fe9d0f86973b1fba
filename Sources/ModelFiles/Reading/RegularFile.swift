import Glibc
import SystemIO
import SystemPackage

/// Opening and reading of files that came from outside: only regular ones, so that a pipe cannot block and a device
/// cannot feed without end.
enum RegularFile {
    /// - Returns: the descriptor, which the caller closes, and the file's size in bytes.
    static func open(_ path: FilePath) throws(KerfError) -> (descriptor: FileDescriptor, size: Int) {
        let descriptor: FileDescriptor
        do {
            // Not blocking: opening a pipe that nobody writes to would block.
            descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch let errno as Errno {
            throw KerfError(errno, doing: "open", at: path.string)
        } catch {
            throw KerfError(.ioError, at: path.string, "cannot open")
        }
        do {
            return (descriptor, try size(of: descriptor, path: path))
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    /// The current size. It is checked again before mapped bytes are used, since the file may have been truncated.
    static func size(of descriptor: FileDescriptor, path: FilePath) throws(KerfError) -> Int {
        var information = stat()
        guard fstat(descriptor.rawValue, &information) == 0 else {
            throw KerfError(Errno(rawValue: errno), doing: "stat", at: path.string)
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            let isDirectory = information.st_mode & S_IFMT == S_IFDIR
            throw KerfError(
                .noSuchFile, at: path.string, isDirectory ? "is a directory" : "is not a regular file",
                remedy: "give the path of a file")
        }
        return Int(information.st_size)
    }

    static func isDirectory(_ path: FilePath) -> Bool {
        var information = stat()
        return stat(path.string, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
    }

    static func exists(_ path: FilePath) -> Bool { access(path.string, F_OK) == 0 }

    /// A small file as a whole.
    ///
    /// - Parameter limit: the size in bytes above which the file is refused unread.
    static func contents(of path: FilePath, limit: Int) throws(KerfError) -> [UInt8] {
        let (descriptor, size) = try open(path)
        defer { try? descriptor.close() }
        guard size <= limit else {
            throw KerfError(
                .malformed, at: path.string, "has \(size) bytes, more than the \(limit) that such a file can need")
        }
        do {
            return try BoundedRead(descriptor, limit: size).bytes
        } catch let errno as Errno {
            throw KerfError(errno, doing: "read", at: path.string)
        } catch {
            throw KerfError(.ioError, at: path.string, "cannot read")
        }
    }
}
