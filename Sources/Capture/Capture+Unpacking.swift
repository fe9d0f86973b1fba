import Glibc
import SystemIO
import SystemPackage

extension Capture {
    /// Writes the tree into a directory that is there and empty.
    ///
    /// Links come last, so that no file is ever written through one.
    package func unpack(into directory: FilePath) throws(KerfError) {
        let ordered = entries.values.sorted { $0.path < $1.path }
        for entry in ordered where entry.content == .directory { try make(entry, in: directory) }
        for entry in ordered {
            if case .file = entry.content { try make(entry, in: directory) }
        }
        for entry in ordered {
            if case .link = entry.content { try make(entry, in: directory) }
        }
    }

    private func make(_ entry: TarEntry, in directory: FilePath) throws(KerfError) {
        let path = directory.appending(entry.path)
        do {
            switch entry.content {
            case .directory:
                guard mkdir(path.string, 0o755) == 0 else { throw Errno(rawValue: errno) }
            case .file(let bytes):
                let file = try FileDescriptor.open(
                    path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                    permissions: [.ownerReadWrite])
                try file.closeAfter {
                    _ = try file.writeAll(bytes)
                    guard fchmod(file.rawValue, mode_t(entry.mode)) == 0 else { throw Errno(rawValue: errno) }
                }
            case .link(let target):
                guard symlink(target, path.string) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch {
            throw KerfError(.cannotCreate, at: path.string, "cannot be made: \(error)")
        }
    }
}
