import Glibc
import SystemIO
import SystemPackage

/// Records a box as an archive.
///
/// Reading changes nothing: attributes are opened for reading only, by name (see ``CapturePlan``), and links are
/// recorded as links.
package struct CaptureRecorder {
    private let root: SystemRoot
    private let top: String
    private let redactor: Redactor
    private var entries: [String: TarEntry] = [:]
    private var manifest: CaptureManifest
    private var bytes = 0

    /// Limit on parent devices: an NVMe drive's sensor belongs to its controller, which belongs to a PCI device.
    private static let maximumParents = 4

    package init(root: SystemRoot, kerfVersion: String) {
        self.root = root
        top = root.path.string
        redactor = Redactor(root: root)
        manifest = CaptureManifest(kerfVersion: kerfVersion)
    }

    /// Records the box, with views of it such as a report of the doctor.
    ///
    /// - Parameter views: texts for `kerf/`, by file name. In JSON the root's own path becomes `/`.
    /// - Returns: the archive, and the list of what could not be read.
    /// - Throws: ``KerfError/Code/unavailable`` when the root has no known files below `sys`, or more than a capture's
    ///   limits.
    package mutating func record(
        views: KeyValuePairs<String, String> = [:]
    ) throws(KerfError) -> (archive: [UInt8], manifest: CaptureManifest) {
        for group in CapturePlan.groups { record(group) }
        for (directory, selection) in CapturePlan.trees { record(directory, selection, depth: 0) }
        for path in CapturePlan.processFiles + CapturePlan.otherFiles { recordFile(path) }
        guard entries.keys.contains(where: { $0.hasPrefix("sys/") }) else {
            throw KerfError(
                .unavailable, at: root.path.string, "no box to record: there are no known files below sys",
                remedy: "give the top of a tree with sys and proc in it")
        }
        for (name, text) in views {
            let path = "kerf/\(name)"
            add(TarEntry(path, .file(redactor.contents(Array(text.utf8), of: path))))
        }
        // Made of the recorded files, from which serial numbers are already removed.
        let dump = LspciDump.text(of: entries)
        if !dump.isEmpty { add(TarEntry("kerf/lspci.txt", .file(Array(dump.utf8)))) }
        guard bytes <= Capture.maximumBytes, entries.count < Capture.maximumEntries else {
            throw KerfError(.unavailable, at: root.path.string, "more files or bytes than a capture may have")
        }
        return try archive()
    }

    private mutating func archive() throws(KerfError) -> (archive: [UInt8], manifest: CaptureManifest) {
        var writer = TarWriter()
        for path in entries.keys.sorted() {
            guard let entry = entries[path], !writer.append(entry) else { continue }
            manifest.omitted.append(.init(path: path, reason: "the name is too long for the archive"))
        }
        do {
            _ = writer.append(TarEntry(CaptureManifest.path, .file(try manifest.encoded())))
        } catch {
            throw KerfError(.unavailable, at: CaptureManifest.path, "cannot be encoded: \(error)")
        }
        return (writer.finished(), manifest)
    }

    // MARK: - Devices

    private mutating func record(_ group: CapturePlan.Group) {
        guard root.isDirectory(root.file(group.directory)) else { return }
        add(TarEntry(group.directory, .directory))
        for name in names(in: group.directory) where group.entries?.contains(name) ?? true {
            guard let device = record(linkOrDirectory: "\(group.directory)/\(name)") else { continue }
            record(device, group.device, depth: 0)
            recordParents(of: device)
        }
    }

    /// The device's parents, from which libsensors finds its bus.
    private mutating func recordParents(of device: String) {
        var device = device
        for _ in 0..<Self.maximumParents {
            guard let parent = record(linkOrDirectory: "\(device)/device") else { return }
            record(parent, CapturePlan.identity, depth: 0)
            device = parent
        }
    }

    /// Records a link and returns the directory behind it, within the root; a directory is returned as it is.
    private mutating func record(linkOrDirectory place: String) -> String? {
        if let target = target(of: place) {
            recordLink(place, target)
            guard let resolved = Self.resolved(target, at: place), root.isDirectory(root.file(resolved)) else {
                return nil
            }
            return resolved
        }
        var resolved = root.resolvingFlattenedLink(root.file(place))
        if resolved != root.file(place) { recordFile(place) }
        guard root.isDirectory(resolved), resolved.removePrefix(root.path) else { return nil }
        return resolved.string
    }

    /// The path of a link's target, by its text; `nil` outside the link's top, such as `sys`.
    private static func resolved(_ target: String, at place: String) -> String? {
        guard !target.hasPrefix("/") else { return nil }
        var parts = place.split(separator: "/").dropLast()
        for part in target.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(part)
            } else if parts.count > 1 {
                parts.removeLast()
            } else {
                return nil
            }
        }
        return parts.joined(separator: "/")
    }

    // MARK: - Files
    // Places are strings relative to the root, not FilePath: a box has tens of thousands of them.

    /// A directory's attributes and links, and those of the directories below it.
    private mutating func record(_ directory: String, _ selection: CapturePlan.Selection, depth: Int) {
        guard root.isDirectory(root.file(directory)) else { return }
        add(TarEntry(redactor.path(directory), .directory))
        for name in names(in: directory) {
            let place = "\(directory)/\(name)"
            var information = stat()
            guard lstat(full(place), &information) == 0 else { continue }
            let isWanted = selection.attributes?.contains(name) ?? !selection.excluded.contains(name)
            let isIdentity = ["subsystem", "device"].contains(name)
            switch information.st_mode & S_IFMT {
            case S_IFLNK:
                if isWanted || isIdentity, let target = target(of: place) { recordLink(place, target) }
            case S_IFDIR:
                if depth < selection.depth, !selection.excluded.contains(name) {
                    record(place, selection, depth: depth + 1)
                }
            case S_IFREG:
                // A write-only attribute is a trigger and has no value.
                let isTrigger = information.st_mode & 0o666 != 0 && information.st_mode & 0o444 == 0
                if !isTrigger, isWanted || isIdentity { recordFile(place) }
            default: break
            }
        }
    }

    /// The names in a directory. One that cannot be listed has none, and is not passed over in silence.
    private mutating func names(in directory: String) -> [String] {
        if access(full(directory), R_OK | X_OK) != 0 {
            let failure = Errno(rawValue: errno)
            note(.init(path: redactor.path(directory), reason: "\(failure)"), in: \.unreadable)
        }
        return root.names(in: root.file(directory))
    }

    private mutating func note(
        _ omission: CaptureManifest.Omission, in list: WritableKeyPath<CaptureManifest, [CaptureManifest.Omission]>
    ) {
        if !manifest[keyPath: list].contains(omission) { manifest[keyPath: list].append(omission) }
    }

    private mutating func recordFile(_ place: String) {
        let name = redactor.path(place)
        guard entries[name] == nil else { return }
        do throws(CaptureReadError) {
            let file = try CaptureFile.read(full(place), limit: place.hasPrefix("proc/") ? 4 << 20 : 64 << 10)
            let contents = redactor.contents(file.bytes, of: place)
            bytes += contents.count
            add(TarEntry(name, .file(contents), mode: file.mode))
        } catch {
            switch error {
            case .absent: return
            case .tooLong: manifest.omitted.append(.init(path: name, reason: "longer than expected"))
            case .failed(let errno):
                let isClosed = errno == .permissionDenied || errno == .notPermitted
                manifest.unreadable.append(.init(path: name, reason: "\(errno)"))
                add(TarEntry(name, .file([]), mode: isClosed ? 0 : 0o444))
            }
        }
    }

    private mutating func recordLink(_ place: String, _ target: String) {
        guard Self.resolved(target, at: place) != nil else {
            note(.init(path: redactor.path(place), reason: "a link that leads out of its top"), in: \.omitted)
            return
        }
        add(TarEntry(redactor.path(place), .link(redactor.path(target))))
    }

    private mutating func add(_ entry: TarEntry) {
        if entries[entry.path] == nil { entries[entry.path] = entry }
    }

    private func full(_ place: String) -> String { "\(top)/\(place)" }

    private func target(of place: String) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(full(place), &target, target.count)
        guard count > 0 else { return nil }
        return String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
