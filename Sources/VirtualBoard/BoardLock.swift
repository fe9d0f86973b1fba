import Glibc
import SystemIO
import SystemPackage

/// The lock that the process serving a board holds. The kernel gives it back when that process ends, however it ends,
/// so that a stale tree is always recognised and a process number used again is never taken for the board.
final class BoardLock {
    private let descriptor: FileDescriptor

    /// - Returns: `nil` when another process or object holds it.
    init?(_ root: SystemRoot) throws(KerfError) {
        let path = Self.path(root)
        do {
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch let errno as Errno {
            throw KerfError(errno, doing: "open", at: path)
        } catch {
            throw KerfError(.ioError, "cannot open: \(error)", at: path)
        }
        // Somebody who only asks whether the board is served holds the lock for an instant.
        for _ in 0..<20 {
            if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return }
            usleep(2000)
        }
        try? descriptor.close()
        return nil
    }

    deinit { try? descriptor.close() }

    /// Whether somebody holds the lock of the board in this tree.
    static func isHeld(_ root: SystemRoot) -> Bool {
        guard let descriptor = try? FileDescriptor.open(path(root), .readOnly, options: [.closeOnExec, .noFollow])
        else { return false }
        defer { try? descriptor.close() }
        return flock(descriptor.rawValue, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private static func path(_ root: SystemRoot) -> FilePath { root.file("kerf/board.lock") }
}
