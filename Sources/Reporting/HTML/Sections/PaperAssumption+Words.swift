import CARD

extension PaperAssumption {
    /// A name that fits beside a bar.
    var words: String { rawValue.split(separator: "_").joined(separator: " ") }
}
