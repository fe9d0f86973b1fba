import SystemIO

/// Models whose shapes ship with Kerf, as plain Hugging Face `config.json` files in `Profiles/models`.
package struct ModelPresets: Sendable {
    static let room = "models"

    private let profiles: ShippedProfiles

    package init(_ profiles: ShippedProfiles) { self.profiles = profiles }

    /// `llama-3.2-1b` and its like, sorted.
    package var names: [String] { profiles.names(in: Self.room, extension: "json") }

    /// The preset of a name, whatever its case.
    ///
    /// - Throws: ``KerfError``; for an unknown name one that lists the known ones.
    package func model(named name: String) throws(KerfError) -> ModelConfig {
        let names = names
        guard let known = names.first(where: { $0.lowercased() == name.lowercased() }) else {
            throw KerfError(
                .noSuchFile, at: quoted(name), "no such model",
                remedy: "known are \(names.joined(separator: ", ")); a path to a config.json works too")
        }
        return try HuggingFaceConfig.model(at: profiles.file(Self.room, known + ".json"), name: known)
    }
}
