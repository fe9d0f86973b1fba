/// Text that came from outside, made safe to show: what a file says must not move a terminal's cursor or break a line.
package enum PlainText {
    /// Each control character becomes a question mark, as does what reverses the direction of writing or breaks a
    /// line in Unicode; no more than `limit` characters are kept.
    package static func shown(_ text: String, limit: Int = 300) -> String {
        let kept = text.unicodeScalars.prefix(limit)
        let safe = String(String.UnicodeScalarView(kept.map { isPlain($0) ? $0 : "?" }))
        return kept.endIndex == text.unicodeScalars.endIndex ? safe : safe + "…"
    }

    /// The same in quotation marks, shorter.
    package static func quoted(_ text: String, limit: Int = 40) -> String { "\"" + shown(text, limit: limit) + "\"" }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
