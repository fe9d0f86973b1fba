import SystemIO
import SystemPackage

/// Finds the model that a user names: a preset, a `config.json`, or a folder that holds one.
package enum ModelReference {
    /// - Parameters:
    ///   - reference: a path if it has a slash or ends in `.json`; else a preset's name, or a file or folder in the
    ///     working directory.
    ///   - profiles: where presets are; by default ``ShippedProfiles/locate()``, called for presets only.
    /// - Throws: ``KerfError``; for an unknown name it lists the known ones.
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
            // A file or folder in the working directory may have any name; presets take precedence.
            guard error.code == .noSuchFile, RegularFile.exists(path) else { throw error }
            return try model(at: path)
        }
    }

    private static func model(at path: FilePath) throws(KerfError) -> ModelConfig {
        let isFolder = RegularFile.isDirectory(path)
        return try HuggingFaceConfig.model(at: isFolder ? path.appending(SafetensorsFolder.configName) : path)
    }
}

/// Models whose shapes ship with Kerf, as Hugging Face `config.json` files in `Profiles/models`.
package struct ModelPresets: Sendable {
    static let room = "models"

    private let profiles: ShippedProfiles

    package init(_ profiles: ShippedProfiles) { self.profiles = profiles }

    /// Names such as `llama-3.2-1b`, sorted.
    package var names: [String] { profiles.names(in: Self.room, extension: "json") }

    /// The preset with this name; case does not matter.
    ///
    /// - Throws: ``KerfError``; for an unknown name it lists the known ones.
    package func model(named name: String) throws(KerfError) -> ModelConfig {
        let names = names
        guard let known = names.first(where: { $0.lowercased() == name.lowercased() }) else {
            throw KerfError(
                .noSuchFile, at: quoted(name), "no such model",
                remedy: "use one of \(names.joined(separator: ", ")), or the path of a config.json")
        }
        return try HuggingFaceConfig.model(at: profiles.file(Self.room, known + ".json"), name: known)
    }
}
