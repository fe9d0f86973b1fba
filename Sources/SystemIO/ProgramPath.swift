import Glibc
import SystemPackage

/// Finds a program as execvp(3) does.
package enum ProgramPath {
    /// - Parameter name: a path, or a name that is looked up in `PATH`.
    /// - Throws: ``KerfError``: ``KerfError/Code/notFound``, ``KerfError/Code/permissionDenied``.
    package static func find(_ name: String) throws(KerfError) -> FilePath {
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        let candidates =
            name.contains("/")
            ? [FilePath(name)]
            : folders.split(separator: ":").map { FilePath(String($0)).appending(name) }
        var isForbidden = false
        for candidate in candidates where !name.isEmpty {
            var information = stat()
            guard stat(candidate.string, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { continue }
            if access(candidate.string, X_OK) == 0 { return candidate }
            isForbidden = true
        }
        guard isForbidden else {
            throw KerfError(.notFound, "there is no such program", at: FilePath(name), remedy: "give its path")
        }
        throw KerfError(
            .permissionDenied, "the file is not executable", at: FilePath(name),
            remedy: "name the interpreter first, as in: python3 train.py")
    }
}
