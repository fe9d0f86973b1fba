/// How the doctor aligns text.
package enum DoctorFormat {
    /// Rows of texts with each column padded to its widest: a table without a heading.
    package static func columns(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        var table = TextTable(Array(repeating: TextTable.Column("", .left), count: count))
        for row in rows { table.append(row) }
        return Array(table.lines.suffix(rows.count))
    }
}
