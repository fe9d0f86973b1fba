import FoundationEssentials
import Glibc
import SystemIO
import SystemPackage

/// The folder of data files that ship with Kerf: `models`, `schema` and others.
///
/// It is `Profiles` in the source tree and `share/kerf` in an installation.
package struct ShippedProfiles: Sendable, Hashable {
    package let folder: FilePath

    /// - Parameter folder: used without a check.
    package init(folder: FilePath) { self.folder = folder }

    /// Searches for the folder: the environment variable `KERF_PROFILES`; then `Profiles` or `share/kerf` in the program's
    /// folder and in every folder above it, which finds an installed `PREFIX/share/kerf` from `PREFIX/bin` and the source
    /// tree from its build folder; then the source tree that the program was built from.
    ///
    /// - Throws: ``KerfError/Code/noSuchFile`` when there is none, or when `KERF_PROFILES` is not such a folder.
    package static func locate() throws(KerfError) -> ShippedProfiles {
        let environment = getenv("KERF_PROFILES").map { String(cString: $0) }
        let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try locate(environment: environment, program: program.map { FilePath($0) }, source: #filePath)
    }

    /// - Parameters:
    ///   - environment: the value of `KERF_PROFILES`.
    ///   - program: the running executable.
    ///   - source: path of this source file when the program was built.
    static func locate(
        environment: String?, program: FilePath?, source: String
    ) throws(KerfError) -> ShippedProfiles {
        if let environment, !environment.isEmpty {
            let folder = FilePath(environment)
            guard isProfiles(folder) else {
                throw KerfError(
                    .noSuchFile, at: environment, "has no folder \"models\"",
                    remedy: "set KERF_PROFILES to Kerf's folder Profiles, or unset it")
            }
            return ShippedProfiles(folder: folder)
        }
        for start in [program, FilePath(source)].compactMap({ $0 }) {
            var parent = start
            while parent.removeLastComponent() {
                for candidate in [parent.appending("Profiles"), parent.appending("share/kerf")]
                where isProfiles(candidate) {
                    return ShippedProfiles(folder: candidate)
                }
            }
        }
        throw KerfError(
            .noSuchFile, at: "Profiles", "Kerf's data files are neither in the program's folder nor in one above it",
            remedy: "set KERF_PROFILES to the folder that holds \"models\"")
    }

    private static func isProfiles(_ folder: FilePath) -> Bool {
        RegularFile.isDirectory(folder.appending("models"))
    }

    /// A file of a subfolder: `file("models", "llama-3.2-1b.json")`.
    package func file(_ room: String, _ name: String) -> FilePath {
        folder.appending(room).appending(name)
    }

    /// Names of a subfolder's files that have an extension, without it, sorted; empty if there is no such subfolder.
    package func names(in room: String, extension ending: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(room).string)) ?? []
        return entries.compactMap { FilePath.Component($0) }.filter { $0.extension == ending }.map(\.stem).sorted()
    }
}
