import Glibc
import ProbeKit
import SystemIO
import SystemPackage

/// Whose processor time a board counts: one process at a time, named in a file of its tree.
extension VirtualBoard {
    /// Tells the board in a tree whose processor time counts from now on.
    ///
    /// - Throws: ``KerfError``: ``KerfError/Code/notFound`` when the tree is no board's or nobody serves it, so that
    ///   nothing is measured against counters that stand still, and for a process that does not exist;
    ///   ``KerfError/Code/inUse`` while the board counts another process that still runs.
    package static func register(pid: Int32, in root: SystemRoot) throws(KerfError) {
        guard let marker = marker(in: root) else {
            throw KerfError(
                .notFound, "is no virtual board's tree", at: root.path, remedy: "start one: kerf board --root DIR")
        }
        guard marker.isServed else {
            throw KerfError(
                .notFound, "the virtual board is not running", at: root.path,
                remedy: "start it again: kerf board --root \(root.path)")
        }
        try requireProcess(pid, in: root)
        let lock = try RegistrationLock(root)
        let other = lock.registeredPID
        guard other == pid || !MeasuredProcess.exists(other) else {
            throw KerfError(
                .inUse, "the virtual board measures process \(other), which still runs", at: root.path,
                remedy: "wait for its end, or name another directory")
        }
        try write(pid: pid, in: root)
    }

    /// Tells the board that a process no longer counts. Does nothing where another one is registered by now, or where
    /// the tree has gone.
    package static func unregister(pid: Int32, in root: SystemRoot) {
        guard root.hasVirtualBoard, let lock = try? RegistrationLock(root), lock.registeredPID == pid else { return }
        // A tree that cannot be written any more belongs to a board that has ended.
        try? write(pid: 0, in: root)
    }

    /// - Throws: ``KerfError`` with code ``KerfError/Code/notFound`` for a process without a processor clock.
    package static func requireProcess(_ pid: Int32, in root: SystemRoot) throws(KerfError) {
        guard MeasuredProcess.exists(pid) else {
            throw KerfError(
                .notFound, "no process \(pid) to be measured", at: root.path, remedy: "name one that runs")
        }
    }

    static func write(pid: Int32, in root: SystemRoot) throws(KerfError) {
        _ = try FixedWidthFile(root.file(BoardTree.measuredPIDFile), UInt64(max(0, pid)))
    }
}

/// Keeps others from registering between a look at who is registered and the change.
private final class RegistrationLock {
    private let descriptor: FileDescriptor
    private let path: FilePath

    /// Waits for the lock, which is held for the time of one look and one write.
    init(_ root: SystemRoot) throws(KerfError) {
        path = root.file(BoardTree.measuredPIDFile)
        do {
            descriptor = try FileDescriptor.open(path, .readWrite, options: [.closeOnExec, .noFollow])
        } catch let errno as Errno {
            throw KerfError(errno, doing: "open", at: path)
        } catch {
            throw KerfError(.ioError, "cannot open: \(error)", at: path)
        }
        while flock(descriptor.rawValue, LOCK_EX) != 0 && errno == EINTR {}
    }

    deinit { try? descriptor.close() }

    /// 0 for none.
    var registeredPID: Int32 {
        guard let text = try? SysfsFile.text(at: path) else { return 0 }
        return Int32(text) ?? 0
    }
}
