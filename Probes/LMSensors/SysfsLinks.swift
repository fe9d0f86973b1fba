import Glibc
import SystemIO
import SystemPackage

/// Follows sysfs links within one root, whether they are symbolic links or text files that replace them.
///
/// The root may be an untrusted tree, so a link that leads out of it is not followed.
struct SysfsLinks {
    let root: SystemRoot

    /// The real path of the directory behind an entry; `nil` when there is none inside the root.
    func directory(_ entry: FilePath) -> FilePath? { root.realDirectory(root.resolvingFlattenedLink(entry)) }

    /// The last component of a link's target, which need not exist: `pci` for `subsystem -> ../../../bus/pci`.
    func targetName(_ entry: FilePath) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(entry.string, &target, target.count)
        if count > 0 {
            let text = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return FilePath(text).lastComponent?.string
        }
        // A file that cannot be read is no link, as one that holds no path.
        guard !root.isLive, root.isRegularFile(entry), let text = try? SysfsFile.text(at: entry),
            text.contains("/"), !text.contains("\n")
        else { return nil }
        return FilePath(text).lastComponent?.string
    }
}
