import Glibc

/// Keeps a command from replacing what it reads.
package enum OutputGuard {
    /// - Parameters:
    ///   - output: where the result will go.
    ///   - option: the caller's option that names the output.
    ///   - inputs: files that the command reads. They are compared by inode, so that a link or another
    ///     path to the same file is recognized.
    /// - Throws: ``KerfError/Code/cannotCreate`` when the output is one of the inputs. A device such as
    ///   `/dev/stdout` is never replaced and passes.
    package static func check(
        _ output: String, of option: String, isNoneOf inputs: [String]
    ) throws(KerfError) {
        guard let place = identity(output) else { return }
        for input in inputs where identity(input) == place {
            throw KerfError(
                .cannotCreate, at: output, "would replace the input \(PlainText.shown(input))",
                remedy: "give another name with \(option)")
        }
    }

    private struct Identity: Equatable {
        var device: UInt64
        var inode: UInt64
    }

    /// Device and inode of the regular file or directory behind all links; `nil` where there is none.
    private static func identity(_ path: String) -> Identity? {
        var information = stat()
        guard stat(path, &information) == 0 else { return nil }
        let kind = information.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFDIR else { return nil }
        return Identity(device: UInt64(information.st_dev), inode: UInt64(information.st_ino))
    }
}
