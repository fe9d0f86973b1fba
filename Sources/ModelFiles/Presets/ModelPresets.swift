/// Models whose shapes ship with Kerf, as plain Hugging Face `config.json` files in `Profiles/models`.
public struct ModelPresets: Sendable {
    static let room = "models"

    private let profiles: ShippedProfiles

    public init(_ profiles: ShippedProfiles) { self.profiles = profiles }

    /// `llama-3.2-1b` and its like, sorted.
    public var names: [String] { profiles.names(in: Self.room, extension: "json") }

    /// The preset of a name, whatever its case.
    ///
    /// - Throws: ``ModelFileError``; for an unknown name one that lists the known ones.
    public func model(named name: String) throws(ModelFileError) -> ModelConfig {
        let names = names
        guard let known = names.first(where: { $0.lowercased() == name.lowercased() }) else {
            throw ModelFileError(
                .unreadable, file: quoted(name), "no such model",
                remedy: "known are \(names.joined(separator: ", ")); a path to a config.json works too")
        }
        return try HuggingFaceConfig.model(at: profiles.file(Self.room, known + ".json"), name: known)
    }
}
