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

    /// Devices of devices: an NVMe drive's sensor belongs to its controller, that to a PCI device.
    private static let maximumOwners = 4

    package init(root: SystemRoot, kerfVersion: String) {
        self.root = root
        top = root.path.string
        redactor = Redactor(root: root)
        manifest = CaptureManifest(kerfVersion: kerfVersion)
    }

    /// The archive of the box and of what others add to it, such as a view of it by lm-sensors; and what could not be
    /// read.
    ///
    /// - Parameter views: texts that go below `kerf/`, by name. In JSON the root's own path is shown as `/`.
    /// - Throws: ``KerfError/Code/unavailable`` when the root holds no box, or one beyond a capture's limits.
    package mutating func record(
        views: KeyValuePairs<String, String> = [:]
    ) throws(KerfError) -> (archive: [UInt8], manifest: CaptureManifest) {
        for group in CapturePlan.groups { record(group) }
        for (directory, selection) in CapturePlan.trees { record(directory, selection, depth: 0) }
        for path in CapturePlan.processFiles + CapturePlan.otherFiles { recordFile(path) }
        guard entries.keys.contains(where: { $0.hasPrefix("sys/") }) else {
            throw KerfError(
                .unavailable, at: root.path.string, "no box to record: there is nothing known below sys",
                remedy: "give the top of a tree with sys and proc in it")
        }
        for (name, text) in views {
            let path = "kerf/\(name)"
            add(TarEntry(path, .file(redactor.contents(Array(text.utf8), of: path))))
        }
        // From what was recorded, so that serial numbers are out of it already.
        let dump = LspciDump.text(of: entries)
        if !dump.isEmpty { add(TarEntry("kerf/lspci.txt", .file(Array(dump.utf8)))) }
        guard bytes <= Capture.maximumBytes, entries.count < Capture.maximumEntries else {
            throw KerfError(.unavailable, at: root.path.string, "more than a capture may hold")
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
        for name in root.names(in: root.file(group.directory)) where group.entries?.contains(name) ?? true {
            guard let device = record(linkOrDirectory: "\(group.directory)/\(name)") else { continue }
            record(device, group.device, depth: 0)
            recordOwners(of: device)
        }
    }

    /// The devices that a device belongs to, as far as libsensors needs them to find its bus.
    private mutating func recordOwners(of device: String) {
        var device = device
        for _ in 0..<Self.maximumOwners {
            guard let owner = record(linkOrDirectory: "\(device)/device") else { return }
            record(owner, CapturePlan.identity, depth: 0)
            device = owner
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

    /// Where a link's target lies, by its text; `nil` outside of `sys`, or whichever top the link lies in.
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
    // Places are texts relative to the root: a box has tens of thousands of them.

    /// A directory's attributes and links, and those of the directories below it.
    private mutating func record(_ directory: String, _ selection: CapturePlan.Selection, depth: Int) {
        guard root.isDirectory(root.file(directory)) else { return }
        add(TarEntry(redactor.path(directory), .directory))
        for name in root.names(in: root.file(directory)) {
            let place = "\(directory)/\(name)"
            var information = stat()
            guard lstat(full(place), &information) == 0 else { continue }
            let isWanted = selection.attributes?.contains(name) ?? !selection.without.contains(name)
            let isIdentity = ["subsystem", "device"].contains(name)
            switch information.st_mode & S_IFMT {
            case S_IFLNK:
                if isWanted || isIdentity, let target = target(of: place) { recordLink(place, target) }
            case S_IFDIR:
                if depth < selection.depth, !selection.without.contains(name) {
                    record(place, selection, depth: depth + 1)
                }
            case S_IFREG:
                // What can only be written, a trigger, has nothing to be recorded.
                let isTrigger = information.st_mode & 0o666 != 0 && information.st_mode & 0o444 == 0
                if !isTrigger, isWanted || isIdentity { recordFile(place) }
            default: break
            }
        }
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
        guard Self.resolved(target, at: place) != nil else { return }
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
