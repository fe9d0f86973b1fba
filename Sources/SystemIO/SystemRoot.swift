import Glibc
import SystemPackage

/// The directory used as `/`: the running system's, or a tree with the same files (a captured box, a virtual board, a
/// test fixture).
package struct SystemRoot: Sendable, Hashable {
    package let path: FilePath

    /// - Parameter path: normalized lexically. The current directory (`.`), whose normalized path is empty, becomes its
    ///   absolute path, so that paths below the root still start with it.
    package init(_ path: FilePath = "/") {
        let normalized = path.lexicallyNormalized()
        self.path = normalized.isEmpty && !path.isEmpty ? Self.currentDirectory : normalized
    }

    private static var currentDirectory: FilePath {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return FilePath(platformString: path)
    }

    /// The directory by a path that starts at `/`. Links are not followed: the link `/proc/PID/root` reads `/`, but leads
    /// to the root of another process.
    package var absolute: SystemRoot {
        path.isAbsolute ? self : SystemRoot(Self.currentDirectory.appending(path.components))
    }

    /// Whether this is the running system.
    package var isLive: Bool { path == "/" }

    /// A file below this root: `file("sys/class/powercap")`.
    package func file(_ relative: String) -> FilePath {
        path.appending(relative)
    }

    /// The names in a directory, sorted so that numbers order as numbers; empty when it cannot be read.
    ///
    /// Names that cannot be shown safely are left out: the kernel has none, but an untrusted tree may.
    package func names(in directory: FilePath) -> [String] {
        guard let stream = opendir(directory.string) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." && PlainText.isPlain(name) { names.append(name) }
        }
        return names.sorted(by: ordersNaturally)
    }

    /// The directory that an entry of a class directory refers to.
    ///
    /// In a tree from an archive or a checkout without symbolic links, each link is a small text file that holds its target.
    /// Such a file is followed as long as it stays inside the root; any other entry is returned unchanged.
    package func resolvingFlattenedLink(_ entry: FilePath) -> FilePath {
        guard !isLive, isRegularFile(entry), let target = try? SysfsFile.text(at: entry) else { return entry }
        guard target.contains("/"), PlainText.isPlain(target) else { return entry }
        let resolved = entry.removingLastComponent().appending(target).lexicallyNormalized()
        return resolved.starts(with: path) && isDirectory(resolved) ? resolved : entry
    }

    /// Whether this box has such a directory. In a tree, a link that leads out of it does not count: its target belongs to
    /// the machine that holds the tree.
    package func isDirectory(_ path: FilePath) -> Bool {
        mode(of: path) == S_IFDIR && (isLive || realDirectory(path) != nil)
    }

    /// The path of a directory of this box without links; `nil` where ``isDirectory(_:)`` is false.
    package func realDirectory(_ path: FilePath) -> FilePath? {
        guard mode(of: path) == S_IFDIR, let real = Self.real(path) else { return nil }
        return isLive || Self.real(self.path).map(real.starts(with:)) ?? false ? real : nil
    }

    private static func real(_ path: FilePath) -> FilePath? {
        guard let resolved = realpath(path.string, nil) else { return nil }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }

    package func isRegularFile(_ path: FilePath) -> Bool { mode(of: path) == S_IFREG }

    private func mode(of path: FilePath) -> mode_t? {
        var information = stat()
        guard stat(path.string, &information) == 0 else { return nil }
        return information.st_mode & S_IFMT
    }
}

/// Whether `left` comes before `right` when runs of digits compare as numbers: `cpu2` before `cpu10`.
package func ordersNaturally(_ left: String, _ right: String) -> Bool {
    var left = Substring(left).utf8
    var right = Substring(right).utf8
    while let l = left.first, let r = right.first {
        if isDigit(l) && isDigit(r) {
            let a = left.prefix(while: isDigit)
            let b = right.prefix(while: isDigit)
            let (x, y) = (a.drop { $0 == UInt8(ascii: "0") }, b.drop { $0 == UInt8(ascii: "0") })
            if x.count != y.count { return x.count < y.count }
            if !x.elementsEqual(y) { return x.lexicographicallyPrecedes(y) }
            left = left.dropFirst(a.count)
            right = right.dropFirst(b.count)
        } else {
            if l != r { return l < r }
            left = left.dropFirst()
            right = right.dropFirst()
        }
    }
    return left.isEmpty && !right.isEmpty
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
