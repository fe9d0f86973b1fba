import FoundationEssentials
import SystemIO
import SystemPackage

/// Trees of real machines beside the package, for tests; absent on most machines.
///
/// They are looked for in `$KERF_BOXES`, else in `../shared/boxes` beside the package. A test that needs them is
/// marked `.enabled(if: SharedBoxes.arePresent, SharedBoxes.reason)`.
package enum SharedBoxes {
    /// The folder of all boxes, or `nil` when there is none.
    package static let folder: FilePath? = {
        let asked = ProcessInfo.processInfo.environment["KERF_BOXES"].map { FilePath($0) }
        let external = FilePath(#filePath).appending("../../../../shared/boxes").lexicallyNormalized()
        return [asked, external].compactMap { $0 }.first { SystemRoot().isDirectory($0) }
    }()

    package static var arePresent: Bool { folder != nil }

    package static let reason = "needs the trees of real machines in ../shared/boxes or $KERF_BOXES"

    /// The box's tree where it lies; links in it may be flattened into small text files.
    package static func folder(_ name: String) throws -> FilePath {
        guard let folder, SystemRoot().isDirectory(folder.appending(name)) else { throw Missing(name: name) }
        return folder.appending(name)
    }

    package static func root(_ name: String) throws -> SystemRoot { SystemRoot(try folder(name)) }

    /// A copy of the box's tree in which each flattened link is a symbolic link again.
    package static func materialised(_ name: String) throws -> FixtureTree {
        let tree = try FixtureTree()
        try copy(try folder(name), to: tree, at: "")
        return tree
    }

    struct Missing: Error { var name: String }

    private static func copy(_ source: FilePath, to tree: FixtureTree, at place: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: source.string) {
            let from = source.appending(name)
            let to = place.isEmpty ? name : "\(place)/\(name)"
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: from.string) {
                try tree.link(to, target)
            } else if SystemRoot().isDirectory(from) {
                try tree.directory(to)
                try copy(from, to: tree, at: to)
            } else {
                let bytes = try [UInt8](Data(contentsOf: URL(filePath: from.string)))
                if let target = flattenedTarget(bytes, external: from) {
                    try tree.link(to, target)
                } else {
                    try tree.write(to, bytes: bytes)
                }
            }
        }
    }

    /// The target, when a file holds nothing but a relative path to a directory that exists.
    private static func flattenedTarget(_ bytes: [UInt8], external file: FilePath) -> String? {
        guard bytes.count < 1024, bytes.contains(UInt8(ascii: "/")), !bytes.contains(UInt8(ascii: "\n")),
            bytes.first != UInt8(ascii: "/")
        else { return nil }
        let target = String(decoding: bytes, as: UTF8.self)
        let resolved = file.removingLastComponent().appending(target).lexicallyNormalized()
        return SystemRoot().isDirectory(resolved) ? target : nil
    }
}
