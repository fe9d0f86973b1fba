import SystemIO
import SystemPackage

/// Reads a file of keys or certificates.
enum SmallFile {
    /// - Parameters:
    ///   - limit: maximum number of bytes.
    ///   - isSecret: whether permissions for group or others are refused.
    /// - Throws: ``KerfError/Code/noSuchFile``, ``KerfError/Code/exposedKey``, ``KerfError/Code/malformed`` for anything
    ///   but a regular file within the limit, or the error of a failed system call.
    static func read(_ path: String, limit: Int, isSecret: Bool = false) throws(KerfError) -> [UInt8] {
        do {
            // Not blocking: the opening of a pipe would wait for its other end.
            let descriptor = try FileDescriptor.open(
                FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            return try descriptor.closeAfter {
                try check(try FileStatus(of: descriptor), path, limit: limit, isSecret: isSecret)
                let found = try BoundedRead(descriptor, limit: limit)
                guard found.isComplete else { throw tooLarge(path, limit) }
                return found.bytes
            }
        } catch let error as KerfError {
            throw error
        } catch let errno as Errno {
            throw failure(errno, path)
        } catch {
            throw KerfError(.ioError, at: path, "cannot be read: \(error)")
        }
    }

    /// Whether there is anything of this name, be it a link that leads nowhere.
    static func exists(_ path: String) -> Bool {
        (try? FileStatus(at: path, followingLinks: false)) != nil
    }

    private static func check(_ status: FileStatus, _ path: String, limit: Int, isSecret: Bool) throws(KerfError) {
        guard status.isRegular else {
            throw KerfError(.malformed, at: path, "not a regular file")
        }
        guard status.byteCount <= limit else { throw tooLarge(path, limit) }
        guard !isSecret || !status.isOpenToOthers else {
            throw KerfError(
                .exposedKey, at: path, "others than its owner can read or change this private key",
                remedy: "chmod 600 \(PlainText.shown(path))")
        }
    }

    private static func tooLarge(_ path: String, _ limit: Int) -> KerfError {
        KerfError(.malformed, at: path, "larger than \(limit >> 10) KiB, the maximum of such a file")
    }

    private static func failure(_ errno: Errno, _ path: String) -> KerfError {
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory, .fileNameTooLong, .tooManySymbolicLinkLevels:
            KerfError(.noSuchFile, at: path, "no such file", cause: errno, remedy: .makeKeys)
        case .permissionDenied, .notPermitted:
            KerfError(
                .permissionDenied, at: path, "not readable by this user", cause: errno,
                remedy: "run as the owner of the keys")
        // A socket, or a device without a driver.
        case .noSuchAddressOrDevice: KerfError(.malformed, at: path, "not a regular file", cause: errno)
        default: KerfError(.ioError, at: path, "cannot be read: \(errno)", cause: errno)
        }
    }
}
