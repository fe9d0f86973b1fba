import Glibc
import SystemIO
import SystemPackage

/// The file that records a lease: the limits to restore. Its lock shows whether a process will still restore them.
///
/// It is in `/run`, which is lost at power-off as the kernel's settings are. The lock belongs to the open file that a lease
/// and its watchdog share, so it is held until both have ended. For the same reason the file is rewritten in place and not
/// by ``AtomicFile``: a new inode would not carry the lock. A record that is cut off has no last line `end` and is ignored.
final class LeaseRecord {
    static let directory = "run/kerf"
    static let place = "run/kerf/frequency-lease"

    let path: FilePath
    private let root: SystemRoot
    let descriptor: FileDescriptor

    /// Opens the record and takes its lock.
    ///
    /// - Throws: ``KerfError`` with code ``KerfError/Code/inUse`` while another lease holds it.
    init(root: SystemRoot) throws(KerfError) {
        self.root = root
        path = root.file(Self.place)
        do {
            for directory in [FilePath(Self.directory).removingLastComponent(), FilePath(Self.directory)] {
                try makeDirectory(root.path.pushing(directory))
            }
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec, .noFollow, .nonBlocking],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch let errno as Errno {
            throw KerfError(errno, doing: "record the frequency limits", at: path, remedy: Self.remedy(errno))
        } catch {
            throw KerfError(.ioError, "cannot record the frequency limits: \(error)", at: path)
        }
        // The watchdog of a lease that has just ended needs a moment to restore the limits.
        for _ in 0..<50 {
            if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return }
            usleep(10_000)
        }
        // The record only names the holder; that it is held is the error to report.
        let holder = (try? text()).flatMap(Self.holder)
        try? descriptor.close()
        throw KerfError(
            .inUse, "the frequency is leased" + (holder.map { " by process \($0)" } ?? ""), at: path,
            remedy: "wait for the end of that run")
    }

    /// A record whose lock was inherited.
    init(inherited descriptor: FileDescriptor, root: SystemRoot) {
        self.root = root
        self.descriptor = descriptor
        path = root.file(Self.place)
    }

    // Written data is synchronized before; closing cannot lose it.
    deinit { try? descriptor.close() }

    /// A record with limits, as another process finds it.
    struct Found {
        /// Whether a process holds the record's lock, and so will restore them.
        var isHeld: Bool
        /// The process that wrote it.
        var holder: Int32?
        /// Whether the policies have other limits now, or may have.
        var isChanged: Bool
    }

    /// The record; `nil` without one, and for one that is cleared or incomplete.
    static func inspect(root: SystemRoot) -> Found? {
        guard
            let descriptor = try? FileDescriptor.open(
                root.file(place), .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
        else { return nil }
        // ``requireReadable(root:)`` reports a record that is there and cannot be read.
        let record = LeaseRecord(inherited: descriptor, root: root)
        guard let text = try? record.text(), let content = try? record.content(), !content.isEmpty else { return nil }
        let isHeld = flock(descriptor.rawValue, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
        return Found(isHeld: isHeld, holder: holder(text), isChanged: content.isChanged(in: root))
    }

    /// - Throws: ``KerfError`` for a record that exists and may not be read, since its contents are unknown.
    static func requireReadable(root: SystemRoot) throws(KerfError) {
        let path = root.file(place)
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        defer { if descriptor >= 0 { close(descriptor) } }
        var byte: UInt8 = 0
        // A directory can be opened, but is not a record.
        guard descriptor < 0 || read(descriptor, &byte, 1) < 0 else { return }
        guard ![ENOENT, ENOTDIR].contains(errno) else { return }
        let error = Errno(rawValue: errno)
        throw KerfError(error, doing: "read the limits to restore", at: path, remedy: remedy(error))
    }

    /// The record belongs to the user who may set the frequency.
    private static func remedy(_ errno: Errno) -> Remedy? {
        [.permissionDenied, .notPermitted].contains(errno) ? "run as root (sudo)" : nil
    }

    /// Records the limits to restore. They are synchronized to the disk before anything is changed.
    func write(_ settings: [PolicySettings]) throws(KerfError) {
        let lines = settings.map { "\($0.place) \($0.minimum) \($0.maximum) \($0.speed ?? "-")" }
        let text = (["kerf-frequency-lease \(getpid())"] + lines + ["end"]).joined(separator: "\n") + "\n"
        try replace(with: text)
    }

    func unlock() { flock(descriptor.rawValue, LOCK_UN) }

    /// Whether the record was read and has nothing left to restore; one that cannot be read is not known to be cleared.
    var isCleared: Bool { (try? content())?.isEmpty ?? false }

    /// Called when everything was restored.
    func clear() throws(KerfError) { try replace(with: "") }

    /// Restores everything it can, and clears the record when all of it was restored.
    ///
    /// - Returns: whether there was anything to restore. The limits may be as recorded: both processes were killed before
    ///   they changed any, or the driver was loaded anew.
    @discardableResult
    func restore() throws(KerfError) -> Bool {
        let content = try content()
        let wasChanged = content.isChanged(in: root)
        do throws(KerfError) {
            try content.settings.restore(root: root)
        } catch {
            throw content.damage ?? error
        }
        if let damage = content.damage { throw damage }
        try clear()
        return wasChanged
    }

    /// The contents of the record.
    struct Content {
        var settings: [PolicySettings] = []
        /// The error of a malformed line, whose limits are unknown.
        var damage: KerfError?
        var isEmpty: Bool { settings.isEmpty && damage == nil }

        func isChanged(in root: SystemRoot) -> Bool {
            damage != nil || settings.contains { !$0.isInEffect(root: root) }
        }
    }

    /// An incomplete record is empty: its lease changed nothing.
    func content() throws(KerfError) -> Content {
        let lines = try text().split(separator: "\n")
        var content = Content()
        guard lines.count >= 2, lines.last == "end", Self.holder(String(lines[0])) != nil else { return content }
        for line in lines[1..<(lines.count - 1)] {
            if let policy = PolicySettings(recorded: line) {
                content.settings.append(policy)
            } else {
                content.damage = KerfError(
                    .invalidReading, "a line is not a policy's limits: \(PlainText.quoted(String(line)))", at: path,
                    remedy: "set the frequency limits by hand, then remove the file")
            }
        }
        return content
    }

    private static func holder(_ text: String) -> Int32? {
        let words = text.prefix { $0 != "\n" }.split(separator: " ")
        return words.count == 2 && words[0] == "kerf-frequency-lease" ? Int32(words[1]) : nil
    }

    private func text() throws(KerfError) -> String {
        do {
            let found = try BoundedRead(limit: 1 << 20) { try descriptor.read(fromAbsoluteOffset: $1, into: $0) }
            return String(decoding: found.bytes, as: UTF8.self)
        } catch {
            throw KerfError(.ioError, "cannot read: \(error)", at: path)
        }
    }

    private func replace(with text: String) throws(KerfError) {
        do {
            try descriptor.resize(to: 0)
            _ = try descriptor.writeAll(toAbsoluteOffset: 0, Array(text.utf8))
            try valueOrErrno { fsync(descriptor.rawValue) }
        } catch {
            throw KerfError(.ioError, "cannot write: \(error)", at: path)
        }
    }
}

extension PolicySettings {
    /// - Returns: `nil` unless the line names a policy's directory and numbers, so that a record cannot make Kerf write
    ///   elsewhere.
    init?(recorded line: Substring) {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 4, words[0].hasPrefix("sys/devices/system/cpu/"),
            !FilePath(words[0]).components.contains(where: { $0.kind != .regular }),
            words[1...2].allSatisfy({ Int64($0) != nil }), words[3] == "-" || Int64(words[3]) != nil
        else { return nil }
        (place, minimum, maximum) = (words[0], words[1], words[2])
        speed = words[3] == "-" ? nil : words[3]
    }
}
