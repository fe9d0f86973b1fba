import SystemIO
import SystemPackage

extension SystemRoot {
    /// The directory that `--root` names.
    package static func named(_ root: String) throws -> SystemRoot {
        let tree = SystemRoot(FilePath(root))
        guard tree.isDirectory(tree.path) else {
            throw KerfError(
                .noSuchFile, "--root \(root): no such directory; give the top of a tree with sys and proc in it")
        }
        return tree
    }
}
