import FoundationEssentials
import Glibc
import SystemIO
import SystemPackage

/// The folder of data that ships with Kerf: `models`, `schema` and other rooms.
///
/// It stands in `Profiles` of the source tree and in `share/kerf` of an installation.
package struct ShippedProfiles: Sendable, Hashable {
    package let folder: FilePath

    /// A folder that is known to be the right one.
    package init(folder: FilePath) { self.folder = folder }

    /// Finds the folder: the environment's `KERF_PROFILES`; then `Profiles` or `share/kerf` beside the program or
    /// beside any folder above it, which finds an installed `PREFIX/share/kerf` from `PREFIX/bin` and the source tree
    /// from its build folder; then the source tree that the program was built from.
    ///
    /// - Throws: ``KerfError/Code/noSuchFile`` when there is none, or `KERF_PROFILES` names none.
    package static func locate() throws(KerfError) -> ShippedProfiles {
        let environment = getenv("KERF_PROFILES").map { String(cString: $0) }
        let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try locate(environment: environment, program: program.map { FilePath($0) }, source: #filePath)
    }

    /// - Parameters:
    ///   - environment: the value of `KERF_PROFILES`.
    ///   - program: the running executable.
    ///   - source: this file, when the program was built.
    static func locate(
        environment: String?, program: FilePath?, source: String
    ) throws(KerfError) -> ShippedProfiles {
        if let environment, !environment.isEmpty {
            let folder = FilePath(environment)
            guard isProfiles(folder) else {
                throw KerfError(
                    .noSuchFile, at: environment, "has no folder \"models\"",
                    remedy: "point KERF_PROFILES at Kerf's folder Profiles, or unset it")
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
            .noSuchFile, at: "Profiles", "Kerf's shipped data were not found external the program or above it",
            remedy: "set KERF_PROFILES to the folder that holds \"models\"")
    }

    private static func isProfiles(_ folder: FilePath) -> Bool {
        RegularFile.isDirectory(folder.appending("models"))
    }

    /// A file of a room: `file("models", "llama-3.2-1b.json")`.
    package func file(_ room: String, _ name: String) -> FilePath {
        folder.appending(room).appending(name)
    }

    /// The names of a room's files with an extension, without it, sorted; empty for a room that is not there.
    package func names(in room: String, extension ending: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(room).string)) ?? []
        return entries.compactMap { FilePath.Component($0) }.filter { $0.extension == ending }.map(\.stem).sorted()
    }
}
