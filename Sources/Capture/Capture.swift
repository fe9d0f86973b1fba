import Glibc
import SystemIO
import SystemPackage

/// A recorded box, checked: a tree of small files from which no link leads out.
package struct Capture: Sendable {
    /// Limits on members and bytes; a server of 512 threads needs a third of them.
    package static let maximumEntries = 400_000
    package static let maximumBytes = 512 << 20
    static let maximumFileBytes = 8 << 20
    /// Bytes of all paths together, parent directories included.
    private static let maximumPathBytes = 128 << 20
    /// Names that a capture may hold at its top.
    static let tops: Set<String> = ["sys", "proc", "etc", "kerf"]
    /// Links followed for one name before it counts as a loop, as in the kernel.
    private static let maximumLinks = 40
    /// Components that are looked up to follow all links; 50,000 links of a real box need 2 million.
    private static let maximumLinkSteps = 16_000_000

    package let name: String
    /// By path; every parent directory is among them.
    package private(set) var entries: [String: TarEntry] = [:]
    private var pathBytes = 0
    private var linkSteps = 0

    /// - Parameters:
    ///   - bytes: a ustar archive, with or without pax extended headers; nothing in it is trusted.
    ///   - name: the archive's name in messages.
    /// - Throws: ``KerfError/Code/malformed`` with the first member, in the order of the archive, that is damaged, and
    ///   what is wrong with it. A link counts where it is, although only later members show where it leads.
    package init(_ bytes: [UInt8], name: String) throws(KerfError) {
        self.name = name
        var reader = TarReader(bytes, name: name)
        var links: [(path: String, target: String)] = []
        var damage: KerfError?
        do throws(KerfError) {
            var members = 0
            while let entry = try reader.next() {
                members += 1
                let path = try add(entry)
                if case .link(let target) = entry.content { links.append((path, target)) }
                guard max(members, entries.count) <= Self.maximumEntries, pathBytes <= Self.maximumPathBytes else {
                    throw fault(
                        "has more members than any box: over \(Self.maximumEntries), or over "
                            + "\(Self.maximumPathBytes >> 20) MiB of names")
                }
            }
        } catch {
            damage = error
        }
        for (path, target) in links { try checkLink(path, target) }
        if let damage { throw damage }
        guard entries["sys"] != nil else { throw fault("has no sys, so it is not a recorded box") }
    }

    /// Whether the recorded tree was that of a virtual board, so that its values are simulated.
    package var isVirtualBoard: Bool { entries["kerf/board.json"] != nil }

    private func fault(_ message: String) -> KerfError {
        KerfError(.malformed, at: name, message, remedy: .recordCapture)
    }

    /// Adds a member and its parent directories.
    ///
    /// - Returns: the member's path without `.` and a slash at its end.
    private mutating func add(_ entry: TarEntry) throws(KerfError) -> String {
        var parts = entry.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // As `tar -C box .` writes them.
        if parts.first == "." { parts.removeFirst() }
        if parts.last == "", entry.content == .directory { parts.removeLast() }
        if parts.isEmpty, entry.content == .directory { return "" }
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), let top = parts.first else {
            throw fault("\(PlainText.path(entry.path)) is not a path below the capture's top")
        }
        guard parts.allSatisfy({ $0.utf8.count <= TarEntry.maximumComponentBytes }) else {
            throw fault("\(PlainText.path(entry.path)) has a component that no file system can hold")
        }
        guard Self.tops.contains(top) else {
            throw fault("has \(PlainText.path(entry.path)), which is not part of a recorded box")
        }
        // From the deepest up: where one is a directory, those above it are too.
        for depth in (1..<max(1, parts.count)).reversed() {
            let parent = parts[..<depth].joined(separator: "/")
            guard let known = entries[parent] else {
                set(TarEntry(parent, .directory))
                continue
            }
            guard known.content == .directory else {
                throw fault("\(PlainText.path(entry.path)) is below a link or a file")
            }
            break
        }
        let path = parts.joined(separator: "/")
        switch (entries[path]?.content, entry.content) {
        case (nil, _): set(TarEntry(path, entry.content, mode: entry.mode))
        case (.directory, .directory): break
        default: throw fault("\(PlainText.path(path)) appears twice")
        }
        return path
    }

    private mutating func set(_ entry: TarEntry) {
        entries[entry.path] = entry
        pathBytes += entry.path.utf8.count
    }

    /// Follows a link as the kernel would, link by link, since a name that looks harmless may lead out through another.
    ///
    /// A link leads out when it leaves the top in which it lies, such as `sys`: a replay mounts each top by itself.
    private mutating func checkLink(_ path: String, _ target: String) throws(KerfError) {
        var place = path.split(separator: "/").dropLast().map(String.init)
        var rest = Array(target.split(separator: "/", omittingEmptySubsequences: false).map(String.init).reversed())
        guard !target.isEmpty, !target.hasPrefix("/"), !place.isEmpty else {
            throw fault("the link \(PlainText.path(path)) is absolute, empty, or at the top")
        }
        var followed = 0
        while let part = rest.popLast() {
            linkSteps += 1
            guard linkSteps <= Self.maximumLinkSteps else { throw fault("has links that are too long to follow") }
            if part.isEmpty || part == "." { continue }
            if part == ".." {
                guard place.count > 1 else {
                    throw fault("the link \(PlainText.path(path)) leads out of its top")
                }
                place.removeLast()
                continue
            }
            let next = (place + [part]).joined(separator: "/")
            guard case .link(let further) = entries[next]?.content else {
                place.append(part)
                continue
            }
            followed += 1
            // A loop leads nowhere, which is as harmless as a link to nothing.
            if followed > Self.maximumLinks { return }
            guard !further.hasPrefix("/") else {
                throw fault("the link \(PlainText.path(next)) is absolute")
            }
            rest += further.split(separator: "/").map(String.init).reversed()
        }
    }
}

extension Capture {
    /// Writes the tree into an existing, empty directory.
    ///
    /// Links are written last, so that no file is ever written through one.
    ///
    /// - Throws: ``KerfError/Code/cannotCreate`` with the path.
    package func unpack(into directory: FilePath) throws(KerfError) {
        let ordered = entries.values.sorted { $0.path < $1.path }
        for entry in ordered where entry.content == .directory { try make(entry, in: directory) }
        for entry in ordered {
            if case .file = entry.content { try make(entry, in: directory) }
        }
        for entry in ordered {
            if case .link = entry.content { try make(entry, in: directory) }
        }
    }

    private func make(_ entry: TarEntry, in directory: FilePath) throws(KerfError) {
        let path = directory.appending(entry.path)
        do {
            switch entry.content {
            case .directory:
                guard mkdir(path.string, 0o755) == 0 else { throw Errno(rawValue: errno) }
            case .file(let bytes):
                let file = try FileDescriptor.open(
                    path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                    permissions: [.ownerReadWrite])
                try file.closeAfter {
                    _ = try file.writeAll(bytes)
                    guard fchmod(file.rawValue, mode_t(entry.mode)) == 0 else { throw Errno(rawValue: errno) }
                }
            case .link(let target):
                guard symlink(target, path.string) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch {
            throw KerfError(.cannotCreate, at: path.string, "cannot be created: \(error)")
        }
    }
}
