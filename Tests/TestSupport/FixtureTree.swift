import FoundationEssentials
import SystemIO
import SystemPackage

/// A temporary directory that stands for `/` in a test, and goes away with the last reference to it.
///
/// Parent directories are made as needed. Paths are relative to the tree: `sys/class/powercap/intel-rapl:0/name`.
package final class FixtureTree: Sendable {
    package let path: FilePath

    package init() throws {
        let name = "kerf-fixture-\(UUID().uuidString)"
        path = FilePath(FileManager.default.temporaryDirectory.path).appending(name).lexicallyNormalized()
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    /// The tree as a probe's root.
    package var root: SystemRoot { SystemRoot(path) }

    package func file(_ relative: String) -> FilePath { path.appending(relative) }

    /// Writes a file with exactly this text, over an older one in place.
    package func write(_ relative: String, _ text: String) throws {
        try write(relative, bytes: Array(text.utf8))
    }

    package func write(_ relative: String, bytes: [UInt8]) throws {
        try directory(parent(of: relative))
        let file = try FileDescriptor.open(
            file(relative), .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    /// Writes several files of one directory, each with a newline at its end as the kernel prints them.
    package func write(under directory: String, _ attributes: KeyValuePairs<String, String>) throws {
        for (name, value) in attributes { try write("\(directory)/\(name)", value + "\n") }
    }

    /// Makes a directory; in place of a file it stands for one that opens but cannot be read (EISDIR).
    package func directory(_ relative: String) throws {
        try FileManager.default.createDirectory(atPath: file(relative).string, withIntermediateDirectories: true)
    }

    /// Makes a symbolic link whose target is taken as it is written.
    package func link(_ relative: String, _ target: String) throws {
        try directory(parent(of: relative))
        try FileManager.default.createSymbolicLink(atPath: file(relative).string, withDestinationPath: target)
    }

    package func remove(_ relative: String) throws {
        try FileManager.default.removeItem(atPath: file(relative).string)
    }

    /// The file's bytes as text.
    package func text(_ relative: String) throws -> String {
        let bytes = try Data(contentsOf: URL(filePath: file(relative).string))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func parent(of relative: String) -> String {
        FilePath(relative).removingLastComponent().string
    }
}
