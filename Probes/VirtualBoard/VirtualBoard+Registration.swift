public import ProbeKit
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Whose processor time a board counts: one process at a time, named in a file of its tree.
extension VirtualBoard {
    /// Tells the board in a tree whose processor time counts from now on.
    ///
    /// - Throws: ``ProbeError``: ``ProbeError/Code/vanished`` when the tree is no board's or nobody serves it, so that
    ///   nothing is measured against counters that stand still, and for a process that does not exist;
    ///   ``ProbeError/Code/occupied`` while the board counts another process that still runs.
    public static func register(pid: Int32, in root: SystemRoot) throws(ProbeError) {
        guard let marker = marker(in: root) else {
            throw ProbeError(
                .vanished, "is no virtual board's tree", path: root.path, remedy: "start one: kerf board --root DIR")
        }
        guard marker.isServed else {
            throw ProbeError(
                .vanished, "the virtual board is not running", path: root.path,
                remedy: "start it again: kerf board --root \(root.path)")
        }
        try requireProcess(pid, in: root)
        let lock = try RegistrationLock(root)
        let other = lock.registeredPID
        guard other == pid || !MeasuredProcess.exists(other) else {
            throw ProbeError(
                .occupied, "the virtual board measures process \(other), which still runs", path: root.path,
                remedy: "wait for its end, or name another directory")
        }
        try write(pid: pid, in: root)
    }

    /// Tells the board that a process no longer counts. Does nothing where another one is registered by now, or where
    /// the tree has gone.
    public static func unregister(pid: Int32, in root: SystemRoot) {
        guard root.hasVirtualBoard, let lock = try? RegistrationLock(root), lock.registeredPID == pid else { return }
        // A tree that cannot be written any more belongs to a board that has ended.
        try? write(pid: 0, in: root)
    }

    /// - Throws: ``ProbeError`` with code ``ProbeError/Code/vanished`` for a process without a processor clock.
    public static func requireProcess(_ pid: Int32, in root: SystemRoot) throws(ProbeError) {
        guard MeasuredProcess.exists(pid) else {
            throw ProbeError(
                .vanished, "no process \(pid) to be measured", path: root.path, remedy: "name one that runs")
        }
    }

    static func write(pid: Int32, in root: SystemRoot) throws(ProbeError) {
        _ = try FixedWidthFile(root.file(BoardTree.measuredPIDFile), UInt64(max(0, pid)))
    }
}

/// Keeps others from registering between a look at who is registered and the change.
private final class RegistrationLock {
    private let descriptor: FileDescriptor
    private let path: FilePath

    /// Waits for the lock, which is held for the time of one look and one write.
    init(_ root: SystemRoot) throws(ProbeError) {
        path = root.file(BoardTree.measuredPIDFile)
        do {
            descriptor = try FileDescriptor.open(path, .readWrite, options: [.closeOnExec, .noFollow])
        } catch let errno as Errno {
            throw ProbeError(errno, doing: "open", path: path)
        } catch {
            throw ProbeError(.failed, "cannot open: \(error)", path: path)
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
