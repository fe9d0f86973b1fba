import SystemPackage

/// Reads a whole file with a bound on its size.
package enum FileBytes {
    /// - Parameters:
    ///   - path: a file, or something that can be read to its end, such as `/dev/stdin`.
    ///   - limit: maximum number of bytes.
    /// - Throws: ``KerfError`` with the path.
    package static func read(_ path: String, limit: Int) throws(KerfError) -> [UInt8] {
        let found: BoundedRead
        do {
            let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            found = try descriptor.closeAfter { try NamedPipe.read(descriptor, path, limit: limit) }
        } catch let error as KerfError {
            throw error
        } catch let errno as Errno {
            throw failure(errno, path)
        } catch {
            throw KerfError(.ioError, at: path, "cannot be read: \(error)")
        }
        guard found.isComplete else {
            throw KerfError(
                .malformed, at: path, "larger than \(limit >> 20) MiB, the maximum of such a file",
                remedy: "check that this is the right file")
        }
        return found.bytes
    }

    private static func failure(_ errno: Errno, _ path: String) -> KerfError {
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory:
            KerfError(.noSuchFile, at: path, "no such file", remedy: "check the path")
        case .permissionDenied, .notPermitted:
            KerfError(.permissionDenied, at: path, "not readable by this user", remedy: "change its permissions")
        case .isDirectory:
            KerfError(.noSuchFile, at: path, "this is a directory", remedy: "give the file in it")
        default:
            KerfError(.ioError, at: path, "cannot be read: \(errno)")
        }
    }
}
