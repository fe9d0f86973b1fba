import FoundationEssentials
import SystemIO

/// A folder for several files.
package enum OutputFolder {
    /// Makes the folder, and those above it.
    package static func make(_ path: String) throws(KerfError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw KerfError(
                .cannotCreate, at: path, "cannot create the folder: no permission, or a file is in the way",
                remedy: "give another with --out")
        }
    }
}
