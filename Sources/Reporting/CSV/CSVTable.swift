/// A table as the bytes of one CSV file (RFC 4180 with line feeds, UTF-8, a heading of the columns' names).
package struct CSVTable: Sendable {
    package struct Column: Sendable, Hashable {
        /// With the unit, as in Kerf's files: `work_seconds`.
        package let name: String
        package let meaning: String
    }

    /// The file's name without its suffix.
    package let name: String
    /// What one row is.
    package let row: String
    package let columns: [Column]
    package let rowCount: Int
    package let bytes: [UInt8]

    package var fileName: String { "\(name).csv" }
}

/// The columns of a table, each with the value that it takes from a row.
struct CSVColumns<Row> {
    private var columns: [CSVTable.Column] = []
    private var values: [(Row) -> String] = []

    mutating func add<Value: CSVValue>(_ name: String, _ meaning: String, _ value: @escaping (Row) -> Value) {
        columns.append(.init(name: name, meaning: meaning))
        values.append { value($0).cell }
    }

    /// - Parameters:
    ///   - name: of the file, without its suffix.
    ///   - row: what one row is.
    func table(_ name: String, _ row: String, of rows: some Sequence<Row>) -> CSVTable {
        var bytes = Array(columns.map(\.name).joined(separator: ",").utf8)
        bytes.append(UInt8(ascii: "\n"))
        var count = 0
        for row in rows {
            for place in values.indices {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes.append(contentsOf: values[place](row).utf8)
            }
            bytes.append(UInt8(ascii: "\n"))
            count += 1
        }
        return CSVTable(name: name, row: row, columns: columns, rowCount: count, bytes: bytes)
    }
}
