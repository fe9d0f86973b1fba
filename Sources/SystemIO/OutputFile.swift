import Glibc
import SystemPackage

/// Where a command's result will go.
package enum OutputFile {
    /// Refuses a place that cannot take the file, before minutes are spent on what would go there.
    ///
    /// - Parameter option: that names it.
    package static func checkPlace(_ path: String, of option: String = "--out") throws {
        guard !path.isEmpty else { throw KerfError(.invalidArgument, "\(option) is empty; name a file") }
        var information = stat()
        let exists = stat(path, &information) == 0
        switch exists ? information.st_mode & S_IFMT : S_IFREG {
        case S_IFREG: break
        case S_IFDIR: throw KerfError(.cannotCreate, "\(path): this is a folder; give a file name in it")
        default:
            // A device or pipe (/dev/stdout) is written to where it is, so its folder does not matter.
            guard access(path, W_OK) == 0 else {
                throw KerfError(.permissionDenied, "\(path): no permission to write to it; give another file")
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
