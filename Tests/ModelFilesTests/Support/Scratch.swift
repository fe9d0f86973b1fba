import FoundationEssentials
import SystemPackage

/// A folder that is gone when the test is done.
final class Scratch {
    let folder: FilePath

    init() throws {
        folder = FilePath(FileManager.default.temporaryDirectory.path).appending("kerf-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder.string) }

    /// Writes a file, and the folders on the way to it.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> FilePath {
        let path = folder.appending(name)
        let parent = path.removingLastComponent().string
        if !FileManager.default.fileExists(atPath: parent) {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        }
        let descriptor = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
        try descriptor.closeAfter { _ = try descriptor.writeAll(bytes) }
        return path
    }

    static func remove(_ path: FilePath) throws { try FileManager.default.removeItem(atPath: path.string) }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> FilePath { try write(name, Array(text.utf8)) }
}

/// The bytes that hexadecimal text stands for.
func bytes(hexadecimal text: String) -> [UInt8] {
    let digits = text.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
