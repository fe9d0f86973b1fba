/// Text from outside, such as a file's, made safe to show: it cannot move a terminal's cursor or break a line.
package enum PlainText {
    /// Replaces each character that is not plain by a question mark.
    ///
    /// - Parameter limit: maximum number of characters; a longer text ends with an ellipsis.
    package static func shown(_ text: String, limit: Int = 300) -> String {
        let kept = text.unicodeScalars.prefix(limit)
        let safe = String(String.UnicodeScalarView(kept.map { isPlain($0) ? $0 : "?" }))
        return kept.endIndex == text.unicodeScalars.endIndex ? safe : safe + "…"
    }

    /// Columns of a name in a line or a table: a chip's, a sensor's label, a processor's. Files keep the whole name.
    package static let nameLimit = 60

    /// A name that the system or a file gives, safe and short enough to stand in a line beside others.
    package static func name(_ text: String) -> String {
        var columns = 0
        let kept = text.unicodeScalars.prefix { scalar in
            columns += width(of: scalar)
            return columns <= nameLimit
        }
        // Marks take no column, and a name may consist of nothing else.
        return shown(text, limit: min(kept.count, 2 * nameLimit))
    }

    /// Columns of a terminal that a text takes: ideographs take two, marks on the letter before them none.
    package static func width(of text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width(of: $1) } }

    private static func width(of scalar: Unicode.Scalar) -> Int {
        if scalar.isASCII { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: return wideBlocks.contains { $0.contains(scalar.value) } ? 2 : 1
        }
    }

    /// Source: Unicode Standard Annex 11, wide and fullwidth characters, by block.
    private static let wideBlocks: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]

    /// A path from an archive, safe and short enough for one line.
    package static func path(_ path: String) -> String { shown(path, limit: 80) }

    /// Safe text in quotation marks.
    package static func quoted(_ text: String, limit: Int = 40) -> String { "\"" + shown(text, limit: limit) + "\"" }

    /// The start of a text, with a question mark for everything but printable ASCII. For names that become identifiers.
    package static func ascii(_ text: String, limit: Int) -> String {
        String(text.unicodeScalars.prefix(limit).map { (" "..."~").contains($0) ? Character($0) : "?" })
    }

    /// Whether a text can be shown as it is.
    package static func isPlain(_ text: String) -> Bool { text.unicodeScalars.allSatisfy(isPlain) }

    /// Neither a control character nor one that reverses the writing direction or breaks a line.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (" "..."~").contains(scalar) }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return false
        default: return true
        }
    }
}
