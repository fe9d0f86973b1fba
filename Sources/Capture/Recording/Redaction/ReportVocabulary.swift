/// What the values in Kerf's own files are made of, by their keys.
enum ReportVocabulary {
    case own
    /// Kerf's words, with words of the box's vocabulary among them.
    case quoting
    case free

    init(key: String) {
        self = Self.ownKeys.contains(key) ? .own : Self.quotingKeys.contains(key) ? .quoting : .free
    }

    /// Names that drivers, makers and Kerf give.
    private static let ownKeys: Set<String> = [
        "schema", "root", "origin", "name", "interface", "status", "meter", "identifier", "parent", "role", "mirror_of",
        "driver", "governor", "kind", "unit", "address", "title", "architecture", "cpu_model", "cpu_vendor",
        "microcode", "instruction_set", "rated_basis", "hypervisor", "total_formula",
    ]
    private static let quotingKeys: Set<String> = ["label", "reason", "remedy", "failures"]
}
