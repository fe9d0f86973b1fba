import Calibration
import SystemIO
import SystemPackage

/// The files that a command was given, where a folder stands for the files in it and below.
package struct FileList: Sendable {
    /// In the order in which they were given, those of a folder in natural order.
    package private(set) var paths: [String] = []
    /// Files in folders that are damaged or cannot be read. They do not hide the others.
    package private(set) var skipped: [KerfError] = []

    /// Whether a path is one of a folder.
    package static func isFolder(_ path: String) -> Bool { (try? FileStatus(at: path))?.isDirectory == true }

    /// - Parameters:
    ///   - given: files and folders. A file is taken as it is: whether it fits is the command's to say.
    ///   - schemas: of a folder's files that are taken.
    ///   - isReplacing: whether a folder's calibration stands for the profiles that it was made from.
    /// - Throws: ``KerfError`` for a folder that cannot be read, or that has no such file.
    package init(_ given: [String], of schemas: Set<String>, calibrationsReplaceProfiles isReplacing: Bool = false)
        throws(KerfError)
    {
        for path in given {
            if Self.isFolder(path) {
                try add(FilePath(path), schemas, isReplacing)
            } else {
                paths.append(path)
            }
        }
    }

    private mutating func add(_ folder: FilePath, _ schemas: Set<String>, _ isReplacing: Bool) throws(KerfError) {
        let walk = try FolderWalk(folder)
        skipped += walk.unreadable
        var found: [(path: String, sha256: String)] = []
        var sources: Set<String> = []
        for name in walk.files {
            let path = folder.appending(name)
            do throws(KerfError) {
                guard let (bytes, schema) = try CollectedFile.bytes(path), schemas.contains(schema) else { continue }
                found.append((path.string, isReplacing ? SHA256.hexDigest(of: bytes) : ""))
                guard isReplacing, schema == Calibration.schema else { continue }
                let calibration = try KerfJSON.decode(Calibration.self, from: bytes, named: path.string)
                sources.formUnion(calibration.provenance.map(\.sha256))
            } catch {
                found.removeAll { $0.path == path.string }
                skipped.append(error)
            }
        }
        let taken = found.filter { !sources.contains($0.sha256) }.map(\.path)
        guard !taken.isEmpty else {
            throw KerfError(
                .noSuchFile, "no file in it that could be used", at: folder,
                remedy: "give a folder that holds \(schemas.sorted().joined(separator: ", "))")
        }
        paths += taken
    }
}
