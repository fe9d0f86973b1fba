import Quantities

/// The numbers of a chart as a table. Its header says which field of the file each column is.
struct DataTable: Sendable {
    struct Column: Sendable {
        var title: String
        /// Place in the file's JSON, such as `layers[i].forward.time_seconds`; empty for a column that counts rows or is
        /// computed from others.
        var field: String
        var isText: Bool

        init(_ title: String, field: String = "", isText: Bool = false) {
            (self.title, self.field, self.isText) = (title, field, isText)
        }
    }

    var columns: [Column]
    /// Cells by row, as many as there are columns.
    var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    mutating func append(_ cells: [String]) { rows.append(cells) }

    /// A value with its interval; without a value `n/a` and the reason.
    static func cell(_ quantity: Quantity?, _ unit: String) -> String {
        guard let quantity else { return "n/a" }
        guard quantity.value != nil else { return "n/a" + (quantity.reason.map { ": " + $0 } ?? "") }
        return NumberText.si(quantity, unit)
    }

    static func cell(_ value: Double?, _ unit: String) -> String { value.map { NumberText.si($0, unit) } ?? "n/a" }

    static func percent(_ value: Double?) -> String { value.map { NumberText.percent($0) } ?? "n/a" }

    static func percent(_ quantity: Quantity) -> String {
        quantity.value == nil ? "n/a" + (quantity.reason.map { ": " + $0 } ?? "") : NumberText.percent(quantity)
    }

    var markup: Markup {
        let head = columns.map { column -> Markup in
            let field: Markup = column.field.isEmpty ? "" : "<br/><code>\(column.field)</code>"
            return "<th scope='col'>\(column.title)\(field)</th>"
        }
        let body = rows.map { row -> Markup in
            "<tr>\(zip(row, columns).map { cell, column -> Markup in column.isText ? "<td class='t'>\(cell)</td>" : "<td>\(cell)</td>" })</tr>"
        }
        return "<div class='wide'><table><thead><tr>\(head)</tr></thead><tbody>\(body)</tbody></table></div>"
    }
}
