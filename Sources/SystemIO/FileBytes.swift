import SystemPackage

/// Reading a file whole, with a bound on its size.
package enum FileBytes {
    /// - Parameters:
    ///   - path: a file, or something that can be read to its end like `/dev/stdin`.
    ///   - limit: most bytes; no more than that is ever held.
    /// - Throws: ``KerfError`` with the path.
    package static func read(_ path: String, limit: Int) throws(KerfError) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            try descriptor.closeAfter {
                var chunk = [UInt8](repeating: 0, count: 1 << 18)
                while bytes.count <= limit {
                    let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                    if count == 0 { break }
                    bytes += chunk[..<count]
                }
            }
        } catch let errno as Errno {
            throw failure(errno, path)
        } catch {
            throw KerfError(.ioError, at: path, "cannot be read: \(error)")
        }
        guard bytes.count <= limit else {
            throw KerfError(
                .malformed, at: path, "larger than \(limit >> 20) MiB, which no Kerf file is",
                remedy: "check that this is the right file")
        }
        return bytes
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
