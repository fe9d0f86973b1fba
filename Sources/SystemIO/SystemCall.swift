import Glibc
import SystemPackage

/// Makes a system call that reports a failure by -1 and `errno`.
///
/// - Parameter retryOnInterrupt: whether a call that a signal interrupted (`EINTR`) is made again.
/// - Returns: the call's value.
@discardableResult
package func valueOrErrno<Value: FixedWidthInteger & SignedInteger>(
    retryOnInterrupt: Bool = true, _ call: () -> Value
) throws(Errno) -> Value {
    while true {
        let value = call()
        if value != -1 { return value }
        let error = Errno(rawValue: errno)
        guard retryOnInterrupt, error == .interrupted else { throw error }
    }
}

/// Creates a directory, unless it exists.
package func makeDirectory(_ path: FilePath) throws(Errno) {
    guard mkdir(path.string, 0o755) != 0, errno != EEXIST else { return }
    throw Errno(rawValue: errno)
}

/// Creates a symbolic link, unless the path exists.
package func makeLink(_ path: FilePath, to target: String) throws(Errno) {
    guard symlink(target, path.string) != 0, errno != EEXIST else { return }
    throw Errno(rawValue: errno)
}
