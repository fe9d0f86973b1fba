import Glibc
import SystemIO
import SystemPackage

/// Follows the links of sysfs within one root, whether they are symbolic links or text files that stand for them.
///
/// The root may be a tree from elsewhere, so a link that leads out of it is not followed.
struct SysfsLinks {
    let root: SystemRoot

    /// The directory behind an entry, by its real path; `nil` when there is none inside the root.
    func directory(_ entry: FilePath) -> FilePath? { root.realDirectory(root.resolvingFlattenedLink(entry)) }

    /// The last part of a link's target, though the target itself be missing: `pci` for
    /// `subsystem -> ../../../bus/pci`.
    func targetName(_ entry: FilePath) -> String? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(entry.string, &target, target.count)
        if count > 0 {
            let text = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return FilePath(text).lastComponent?.string
        }
        guard !root.isLive, root.isRegularFile(entry), let text = try? SysfsFile.text(at: entry),
            text.contains("/"), !text.contains("\n")
        else { return nil }
        return FilePath(text).lastComponent?.string
    }
}
