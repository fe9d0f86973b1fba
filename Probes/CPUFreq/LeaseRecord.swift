import Glibc
import SystemIO
import SystemPackage

/// The file by which a lease is known: what has to be given back, and by its lock whether somebody still sees to it.
///
/// It lies in `/run`, which goes with the power as the kernel's own settings do. The lock belongs to the open file
/// that a lease and its watchdog share, so that it is held until both have ended.
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
                let made = root.path.pushing(directory)
                guard mkdir(made.string, 0o755) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
            }
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec, .noFollow, .nonBlocking],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch let errno as Errno {
            throw KerfError(errno, doing: "keep what the clock was", at: path, remedy: Self.remedy(errno))
        } catch {
            throw KerfError(.ioError, "cannot keep what the clock was: \(error)", at: path)
        }
        // A lease that has just ended is being given back by its watchdog; that takes an instant.
        for _ in 0..<50 {
            if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return }
            usleep(10_000)
        }
        let holder = (try? text()).flatMap(Self.holder)
        try? descriptor.close()
        throw KerfError(
            .inUse, "the clock is leased" + (holder.map { " by process \($0)" } ?? ""), at: path,
            remedy: "wait for the end of that run")
    }

    /// Takes over a record whose lock was inherited.
    init(inherited descriptor: FileDescriptor, root: SystemRoot) {
        self.root = root
        self.descriptor = descriptor
        path = root.file(Self.place)
    }

    deinit { try? descriptor.close() }

    /// Whether somebody holds the record's lock, and who wrote it; `nil` when nothing has to be given back.
    static func look(root: SystemRoot) -> (isHeld: Bool, holder: Int32?)? {
        guard
            let descriptor = try? FileDescriptor.open(
                root.file(place), .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
        else { return nil }
        let record = LeaseRecord(inherited: descriptor, root: root)
        guard let text = try? record.text(), let content = try? record.content(), !content.isEmpty else { return nil }
        let isHeld = flock(descriptor.rawValue, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
        return (isHeld, holder(text))
    }

    /// - Throws: ``KerfError`` for a record that is there and may not be read: nobody knows whether it holds anything.
    static func requireReadable(root: SystemRoot) throws(KerfError) {
        let path = root.file(place)
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        defer { if descriptor >= 0 { close(descriptor) } }
        var byte: UInt8 = 0
        // A directory can be opened, and is no record.
        guard descriptor < 0 || read(descriptor, &byte, 1) < 0 else { return }
        guard ![ENOENT, ENOTDIR].contains(errno) else { return }
        let error = Errno(rawValue: errno)
        throw KerfError(error, doing: "read what has to be given back", at: path, remedy: remedy(error))
    }

    /// The record belongs to whoever may set the clock.
    private static func remedy(_ errno: Errno) -> Remedy? {
        [.permissionDenied, .notPermitted].contains(errno) ? "run as root (sudo)" : nil
    }

    /// Writes what has to be given back; it has reached the disk before anything is changed.
    func write(_ settings: [PolicySettings]) throws(KerfError) {
        let lines = settings.map { "\($0.place) \($0.minimum) \($0.maximum) \($0.speed ?? "-")" }
        let text = (["kerf-frequency-lease \(getpid())"] + lines + ["end"]).joined(separator: "\n") + "\n"
        try replace(with: text)
    }

    func unlock() { flock(descriptor.rawValue, LOCK_UN) }

    /// Whether it is known that nothing is left to give back.
    var isCleared: Bool { (try? content())?.isEmpty ?? false }

    /// Everything has been given back.
    func clear() throws(KerfError) { try replace(with: "") }

    /// Gives everything back, as far as it can, and clears the record when all of it was.
    ///
    /// - Returns: whether there was anything.
    @discardableResult
    func restore() throws(KerfError) -> Bool {
        let content = try content()
        var firstFailure = content.damage
        for policy in content.settings {
            do throws(KerfError) {
                try policy.restore(root: root)
            } catch {
                firstFailure = firstFailure ?? error
            }
        }
        if let firstFailure { throw firstFailure }
        try clear()
        return !content.isEmpty
    }

    /// What has to be given back.
    struct Content {
        var settings: [PolicySettings] = []
        /// Of a line that names no policy's limits: whose they were nobody knows.
        var damage: KerfError?
        var isEmpty: Bool { settings.isEmpty && damage == nil }
    }

    /// A record that was not finished belongs to a lease that changed nothing.
    func content() throws(KerfError) -> Content {
        let lines = try text().split(separator: "\n")
        var content = Content()
        guard lines.count >= 2, lines.last == "end", Self.holder(String(lines[0])) != nil else { return content }
        for line in lines[1..<(lines.count - 1)] {
            if let policy = PolicySettings(recorded: line) {
                content.settings.append(policy)
            } else {
                content.damage = KerfError(
                    .invalidReading, "a line names no policy's limits: \(SysfsFile.quoted(String(line)))", at: path,
                    remedy: "set the clock's limits by hand, then remove the file")
            }
        }
        return content
    }

    private static func holder(_ text: String) -> Int32? {
        let words = text.prefix { $0 != "\n" }.split(separator: " ")
        return words.count == 2 && words[0] == "kerf-frequency-lease" ? Int32(words[1]) : nil
    }

    private func text() throws(KerfError) -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        do {
            let count = try bytes.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: 0, into: $0) }
            return String(decoding: bytes[..<count], as: UTF8.self)
        } catch {
            throw KerfError(.ioError, "cannot read: \(error)", at: path)
        }
    }

    private func replace(with text: String) throws(KerfError) {
        do {
            try descriptor.resize(to: 0)
            _ = try descriptor.writeAll(toAbsoluteOffset: 0, Array(text.utf8))
            guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            throw KerfError(.ioError, "cannot write: \(error)", at: path)
        }
    }
}

extension PolicySettings {
    /// - Returns: `nil` for a line that names no policy's directory, or values that are no numbers: a record is never
    ///   a way to write elsewhere.
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
