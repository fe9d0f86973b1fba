/// What was exported: the tables and their rows.
extension CSVExport {
    package var report: String {
        var table = TextTable([.init("file", .left), .init("rows"), .init("one row is", .left)])
        for exported in tables { table.append([exported.fileName, "\(exported.rowCount)", exported.row]) }
        return table.text
    }

    /// The same for a program.
    package struct Report: Encodable, Sendable {
        package struct Table: Encodable, Sendable {
            var file: String
            var row: String
            var rowCount: Int
            var columns: [String]
        }

        package var folder: String
        package var schema: String
        package var sha256: String
        package var tables: [Table]
    }

    /// - Parameter folder: where the tables were written.
    package func report(folder: String) -> Report {
        Report(
            folder: folder, schema: schema, sha256: sha256,
            tables: tables.map {
                .init(file: $0.fileName, row: $0.row, rowCount: $0.rowCount, columns: $0.columns.map(\.name))
            })
    }
}
