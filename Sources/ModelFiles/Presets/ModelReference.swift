import SystemIO
import SystemPackage

/// A model as the user names it: a preset, a `config.json`, or a folder that holds one.
package enum ModelReference {
    /// - Parameters:
    ///   - reference: a path when it holds a slash or ends in `.json`; else a preset's name, or the name of what
    ///     is here.
    ///   - profiles: where presets are; by default ``ShippedProfiles/locate()``, asked for a preset only.
    /// - Throws: ``KerfError``; for an unknown name one that lists the known ones.
    package static func resolve(
        _ reference: String, profiles: ShippedProfiles? = nil
    ) throws(KerfError) -> ModelConfig {
        let path = FilePath(reference)
        if reference.contains("/") || path.extension == "json" { return try model(at: path) }
        do throws(KerfError) {
            var profiles = profiles
            if profiles == nil { profiles = try ShippedProfiles.locate() }
            return try ModelPresets(profiles!).model(named: reference)
        } catch {
            // A file or folder here may have any name; a preset's name goes before it.
            guard error.code == .noSuchFile, RegularFile.exists(path) else { throw error }
            return try model(at: path)
        }
    }

    private static func model(at path: FilePath) throws(KerfError) -> ModelConfig {
        let isFolder = RegularFile.isDirectory(path)
        return try HuggingFaceConfig.model(at: isFolder ? path.appending(SafetensorsFolder.configName) : path)
    }
}
