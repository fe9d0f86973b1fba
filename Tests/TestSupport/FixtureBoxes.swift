import ProbeKit
import SystemPackage

import Glibc

/// The made-up boxes in `Tests/Fixtures/boxes`, which every clone has. `Tests/Fixtures/README.md` says what each shows.
package enum FixtureBoxes {
    /// The folder of all fixtures.
    package static let fixtures = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .appending("Fixtures")

    private static let folder = fixtures.appending("boxes")

    /// The names of all boxes.
    package static let names: [String] = SystemRoot().names(in: folder)

    /// The box's tree as it lies, with symbolic links as the kernel has them. Tests must not change it.
    package static func root(_ name: String) throws -> SystemRoot {
        guard names.contains(name) else { throw Missing(name: name) }
        return SystemRoot(folder.appending(name))
    }

    /// The path of ``root(_:)``, for a command line.
    package static func path(_ name: String) throws -> String { try root(name).path.string }

    /// A copy of the box's tree, to be changed by a test.
    ///
    /// - Parameter flattened: whether each symbolic link becomes a text file with the target in it, as a link looks in a
    ///   tree that passed through an archive without links.
    package static func copy(_ name: String, flattened: Bool = false) throws -> FixtureTree {
        let tree = try FixtureTree()
        try copy(try root(name).path.string, to: tree.path.string, flattened: flattened)
        return tree
    }

    /// Checks the box's tree as it lies, and with its links flattened.
    package static func eachWay(_ name: String, _ check: (SystemRoot) throws -> Void) throws {
        try check(try root(name))
        let flattened = try copy(name, flattened: true)
        try check(flattened.root)
    }

    package struct Missing: Error { public let name: String }

    /// By system calls, since tests copy thousands of small files.
    private static func copy(_ source: String, to target: String, flattened: Bool) throws {
        for name in SystemRoot().names(in: FilePath(source)) {
            let (from, to) = ("\(source)/\(name)", "\(target)/\(name)")
            var information = stat()
            try succeed(lstat(from, &information))
            switch information.st_mode & S_IFMT {
            case S_IFDIR:
                try succeed(mkdir(to, 0o755))
                try copy(from, to: to, flattened: flattened)
            case S_IFLNK:
                var target = [CChar](repeating: 0, count: Int(PATH_MAX))
                let count = readlink(from, &target, target.count)
                try succeed(count)
                let bytes = target[..<count].map { UInt8(bitPattern: $0) }
                if flattened {
                    try write(bytes, to: to)
                } else {
                    try succeed(symlink(String(decoding: bytes, as: UTF8.self), to))
                }
            default:
                var bytes = [UInt8](repeating: 0, count: Int(information.st_size))
                let file = try FileDescriptor.open(FilePath(from), .readOnly, options: .closeOnExec)
                let count = try file.closeAfter { try bytes.withUnsafeMutableBytes { try file.read(into: $0) } }
                try write(Array(bytes[..<count]), to: to)
            }
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: [.ownerReadWrite])
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    private static func succeed(_ result: some BinaryInteger) throws {
        if result < 0 { throw Errno(rawValue: errno) }
    }
}
