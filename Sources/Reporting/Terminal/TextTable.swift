import SystemIO

/// Aligned columns of text with a header and, under it, the units.
package struct TextTable: Sendable {
    package enum Alignment: Sendable { case left, right }

    package struct Column: Sendable {
        package var title: String
        package var unit: String
        package var alignment: Alignment

        package init(_ title: String, unit: String = "", _ alignment: Alignment = .right) {
            self.title = title
            self.unit = unit
            self.alignment = alignment
        }
    }

    package var columns: [Column]
    /// Cells by row; a short row is padded with blanks.
    package private(set) var rows: [[String]] = []

    package init(_ columns: [Column]) { self.columns = columns }

    package mutating func append(_ cells: [String]) { rows.append(cells) }

    /// The table's lines without trailing blanks. There is a line of units only if a column has a unit.
    package var lines: [String] {
        let titles = columns.map(\.title)
        let units = columns.map(\.unit)
        let heading = units.contains { !$0.isEmpty } ? [titles, units] : [titles]
        let cells = (heading + rows).map { row in columns.indices.map { $0 < row.count ? row[$0] : "" } }
        let widths = columns.indices.map { index in cells.map { PlainText.width(of: $0[index]) }.max() ?? 0 }
        var lines = cells.map { row in
            let text = columns.indices.map { padded(row[$0], to: widths[$0], columns[$0].alignment) }
                .joined(separator: "  ")
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
        lines.insert(String(repeating: "-", count: lines.map(PlainText.width).max() ?? 0), at: heading.count)
        return lines
    }

    /// All lines, each with a line feed.
    package var text: String { lines.map { $0 + "\n" }.joined() }

    private func padded(_ text: String, to width: Int, _ alignment: Alignment) -> String {
        let blanks = String(repeating: " ", count: max(0, width - PlainText.width(of: text)))
        return alignment == .left ? text + blanks : blanks + text
    }
}
