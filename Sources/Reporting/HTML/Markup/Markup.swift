import Quantities
import SystemIO

/// HTML or SVG.
///
/// Literals are trusted, and what is put into one is escaped: a name from a file stays text, and can neither open an
/// element nor end an attribute, whose quotes may be of either kind.
struct Markup: ExpressibleByStringInterpolation, Sendable {
    let html: String

    init(stringLiteral value: String) { html = value }
    init(stringInterpolation: Interpolation) { html = stringInterpolation.html }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate(set) var html = ""

        init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { html += literal }
        mutating func appendInterpolation(_ text: String) { html += Markup.escaped(text) }
        mutating func appendInterpolation(_ number: Int) { html += "\(number)" }
        mutating func appendInterpolation(_ part: Markup) { html += part.html }
        mutating func appendInterpolation(_ parts: [Markup]) { for part in parts { html += part.html } }
        /// Text of Kerf's own without a name from a file: a style sheet.
        mutating func appendInterpolation(trusted text: String) { html += text }
        /// The commands of a path, which Kerf made from numbers.
        mutating func appendInterpolation(path commands: String) { html += commands }
        /// A length or place in a drawing, to a tenth of its unit.
        mutating func appendInterpolation(at place: Double) { html += Markup.place(place) }
    }

    /// A text of several lines.
    static func lines(_ text: String, separator: Markup = "<br/>") -> Markup {
        text.split(whereSeparator: \.isNewline).map { "\(String($0))" as Markup }.joined(separator: separator)
    }

    /// Longer than any text of Kerf's; what is cut off is marked.
    private static let maximumLength = 4000

    /// Control characters and those that turn the direction of text are replaced, as on the terminal.
    private static func escaped(_ text: String) -> String {
        PlainText.shown(text, limit: maximumLength).reduce(into: "") { html, character in
            switch character {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            default: html.append(character)
            }
        }
    }

    /// A place in a drawing as SVG writes it. A reader would take a number that is not finite for the end of the drawing.
    static func place(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let text = NumberText.fixed(value, digits: 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension [Markup] {
    func joined(separator: Markup) -> Markup {
        enumerated().reduce("") { "\($0)\($1.offset == 0 ? "" : separator)\($1.element)" }
    }
}
