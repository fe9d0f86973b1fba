import SystemIO
import SystemPackage

/// The files in a folder and in those below it, by name, in natural order.
///
/// Hidden ones are left out, and links to folders are not followed, so that a link to `/` or to a folder above cannot make
/// a walk of the whole disk.
struct FolderWalk: Sendable {
    static let maximumDepth = 8
    /// Files and folders in all; a fleet has a few for each box.
    static let maximumEntries = 20_000

    let folder: FilePath
    /// Names of regular files, relative to the folder: `profiles/run-2.json`.
    private(set) var files: [String] = []
    /// Folders that cannot be read.
    private(set) var unreadable: [KerfError] = []
    private var entries = 0

    /// - Parameter isDeep: whether folders in the folder are entered.
    /// - Throws: ``KerfError`` for a folder that does not exist or cannot be read, or that has too many files.
    init(_ folder: FilePath, isDeep: Bool = true) throws(KerfError) {
        self.folder = folder
        try Self.check(folder)
        try visit("", depth: 0, isDeep)
    }

    /// Names of the folders in a folder, links to folders included.
    ///
    /// - Throws: ``KerfError`` for a folder that does not exist or cannot be read.
    static func folders(in folder: FilePath) throws(KerfError) -> [String] {
        try check(folder)
        return SystemRoot().names(in: folder).filter { name in
            !name.hasPrefix(".") && (try? FileStatus(at: folder.appending(name).string))?.isDirectory == true
        }
    }

    private mutating func visit(_ place: String, depth: Int, _ isDeep: Bool) throws(KerfError) {
        let here = place.isEmpty ? folder : folder.appending(place)
        for name in SystemRoot().names(in: here) where !name.hasPrefix(".") {
            entries += 1
            guard entries <= Self.maximumEntries else {
                throw KerfError(
                    .unusableData, "more than \(Self.maximumEntries) files", at: folder,
                    remedy: "give a folder that holds what was collected, and nothing else")
            }
            let path = here.appending(name)
            let relative = place.isEmpty ? name : place + "/" + name
            if (try? FileStatus(at: path.string))?.isRegular == true {
                files.append(relative)
            } else if isDeep, (try? FileStatus(at: path.string, followingLinks: false))?.isDirectory == true {
                try enter(relative, path, depth: depth + 1)
            }
        }
    }

    private mutating func enter(_ place: String, _ path: FilePath, depth: Int) throws(KerfError) {
        guard depth <= Self.maximumDepth else {
            unreadable.append(KerfError(.unusableData, "more than \(Self.maximumDepth) folders deep", at: path))
            return
        }
        do throws(KerfError) {
            try Self.check(path)
        } catch {
            unreadable.append(error)
            return
        }
        try visit(place, depth: depth, true)
    }

    /// - Throws: ``KerfError`` unless the folder can be listed.
    private static func check(_ folder: FilePath) throws(KerfError) {
        let failure: Errno
        do {
            try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec]).close()
            return
        } catch let errno as Errno {
            failure = errno
        } catch {
            throw KerfError(.ioError, "cannot be read: \(error)", at: folder)
        }
        switch failure {
        case .noSuchFileOrDirectory:
            throw KerfError(.noSuchFile, "no such folder", at: folder, cause: failure, remedy: "check the path")
        case .notDirectory:
            throw KerfError(.noSuchFile, "this is no folder", at: folder, cause: failure, remedy: "give a folder")
        case .permissionDenied, .notPermitted:
            throw KerfError(
                .permissionDenied, "not readable by this user", at: folder, cause: failure,
                remedy: "change its permissions")
        default: throw KerfError(.ioError, "cannot be read: \(failure)", at: folder, cause: failure)
        }
    }
}
