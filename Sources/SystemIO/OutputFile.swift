import Glibc
import SystemPackage

/// The file that a command's result is written to.
package enum OutputFile {
    /// Refuses a path that cannot be written, before minutes are spent on its contents.
    ///
    /// - Parameter option: the caller's option that names the file.
    package static func checkPlace(_ path: String, of option: String) throws {
        guard !path.isEmpty else { throw KerfError(.invalidArgument, "\(option) is empty; name a file") }
        var information = stat()
        let exists = stat(path, &information) == 0
        switch exists ? information.st_mode & S_IFMT : S_IFREG {
        case S_IFREG: break
        case S_IFDIR: throw KerfError(.cannotCreate, "\(path): this is a folder; give a file name in it")
        default:
            // A device or pipe (/dev/stdout) is written to directly, so its folder does not matter.
            guard access(path, W_OK) == 0 else {
                throw KerfError(.permissionDenied, "\(path): no permission to write to it; give another file")
            }
            if information.st_mode & S_IFMT == S_IFIFO {
                // It stays open: its reader would take the closing for the end of the data.
                _ = try NamedPipe.openForWriting(path)
            }
            return
        }
        // A link is followed: what is replaced is the file behind it.
        let parent = FilePath(exists ? resolved(path) : path).removingLastComponent()
        let folder = parent.isEmpty ? "." : parent.string
        guard stat(folder, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
            throw KerfError(.cannotCreate, "\(path): its folder does not exist; make the folder first")
        }
        guard access(folder, W_OK) == 0 else {
            throw KerfError(.permissionDenied, "\(path): no permission to write there; choose a folder of your own")
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }
}
