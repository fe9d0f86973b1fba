import Glibc
import SystemPackage

/// What stat(2) tells of a file.
package struct FileStatus: Sendable {
    /// Whether it is a regular file: no directory, device, pipe, socket or link.
    package let isRegular: Bool
    package let isDirectory: Bool
    package let byteCount: Int
    /// Whether group or others may read, write or execute it.
    package let isOpenToOthers: Bool

    /// - Parameter followingLinks: whether a symbolic link stands for what it leads to.
    package init(at path: String, followingLinks: Bool = true) throws(Errno) {
        var information = stat()
        try call { followingLinks ? stat(path, &information) : lstat(path, &information) }
        self.init(information)
    }

    package init(of descriptor: FileDescriptor) throws(Errno) {
        var information = stat()
        try call { fstat(descriptor.rawValue, &information) }
        self.init(information)
    }

    private init(_ information: stat) {
        isRegular = information.st_mode & S_IFMT == S_IFREG
        isDirectory = information.st_mode & S_IFMT == S_IFDIR
        byteCount = Int(information.st_size)
        isOpenToOthers = information.st_mode & 0o077 != 0
    }
}

private func call(_ body: () -> Int32) throws(Errno) {
    guard body() == 0 else { throw Errno(rawValue: errno) }
}
