import Glibc
import SystemIO
import SystemPackage

/// The lock of the process that serves a board. The kernel releases it when the process ends for whatever reason, so a stale
/// tree is always recognized, also when its process number was reused.
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
        // A process that checks whether the board is served holds the lock briefly.
        for _ in 0..<20 {
            if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return }
            usleep(2000)
        }
        try? descriptor.close()
        return nil
    }

    deinit { try? descriptor.close() }

    /// Whether a process holds the lock of the board in this tree.
    static func isHeld(_ root: SystemRoot) -> Bool {
        guard let descriptor = try? FileDescriptor.open(path(root), .readOnly, options: [.closeOnExec, .noFollow])
        else { return false }
        defer { try? descriptor.close() }
        return flock(descriptor.rawValue, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private static func path(_ root: SystemRoot) -> FilePath { root.file("kerf/board.lock") }
}

/// Prevents other registrations between reading the registered process and changing it.
final class RegistrationLock {
    private let lock: FileLock
    private let path: FilePath

    /// Waits for the lock, which is held for one read and one write.
    init(_ root: SystemRoot) throws(KerfError) {
        path = root.file(BoardTree.measuredPIDFile)
        lock = try FileLock(waitingFor: path, .readWrite, options: .noFollow)
    }

    /// 0 for none.
    var registeredPID: Int32 {
        guard let text = try? SysfsFile.text(at: path) else { return 0 }
        return Int32(text) ?? 0
    }
}
