import Glibc
import SystemPackage

/// The directory that stands for `/`: the running system, or a tree with the same files (a captured box, a virtual
/// board, a test fixture).
package struct SystemRoot: Sendable, Hashable {
    package let path: FilePath

    /// - Parameter path: in its shortest spelling afterwards. The current directory, of whose shortest spelling (`.`)
    ///   nothing is left, becomes its absolute path, so that what lies below the root still starts with it.
    package init(_ path: FilePath = "/") {
        let normalized = path.lexicallyNormalized()
        self.path = normalized.isEmpty && !path.isEmpty ? Self.currentDirectory : normalized
    }

    private static var currentDirectory: FilePath {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return FilePath(platformString: path)
    }

    /// The same directory by a path that starts at `/`. Links are not followed: that of `/proc/PID/root` leads to
    /// another `/` than its text says.
    package var absolute: SystemRoot {
        path.isAbsolute ? self : SystemRoot(Self.currentDirectory.appending(path.components))
    }

    /// Whether this is the running system and not a tree that imitates one.
    package var isLive: Bool { path == "/" }

    /// A file below this root: `file("sys/class/powercap")`.
    package func file(_ relative: String) -> FilePath {
        path.appending(relative)
    }

    /// The names in a directory, sorted so that numbers order as numbers; empty when it cannot be read.
    ///
    /// The kernel gives no name with control characters in it. A tree of somebody else's may, and since names are shown, such
    /// ones are passed over.
    package func names(in directory: FilePath) -> [String] {
        guard let stream = opendir(directory.string) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." && isPlain(name) { names.append(name) }
        }
        return names.sorted(by: ordersNaturally)
    }

    /// The directory that an entry of a class directory stands for.
    ///
    /// A tree that passed through an archive or a checkout without symbolic links holds each link as a small text
    /// file with the target in it. Such a file is followed here, as long as it stays inside the root; anything else
    /// is returned as it is.
    package func resolvingFlattenedLink(_ entry: FilePath) -> FilePath {
        guard !isLive, isRegularFile(entry), let target = try? SysfsFile.text(at: entry) else { return entry }
        guard target.contains("/"), isPlain(target) else { return entry }
        let resolved = entry.removingLastComponent().appending(target).lexicallyNormalized()
        return resolved.starts(with: path) && isDirectory(resolved) ? resolved : entry
    }

    /// Whether there is such a directory in this box. In a tree, one that a link leads to outside of it is none: it belongs
    /// to whatever machine the tree lies on.
    package func isDirectory(_ path: FilePath) -> Bool {
        mode(of: path) == S_IFDIR && (isLive || realDirectory(path) != nil)
    }

    /// The path of a directory of this box without links; `nil` where ``isDirectory(_:)`` says no.
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

/// Whether a name can be shown: nothing in it moves a terminal's cursor or breaks a line.
private func isPlain(_ name: String) -> Bool {
    name.unicodeScalars.allSatisfy { scalar in
        if scalar.isASCII { return (" "..."~").contains(scalar) }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
