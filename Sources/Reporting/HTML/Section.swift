/// A part of the page: a file's verdict, charts and remarks.
struct Section: Sendable {
    /// A statement on whether a file's numbers can be trusted. The word says it, the color only repeats it.
    struct Statement: Sendable {
        enum Kind: String, Sendable {
            case good = "OK"
            case caution = "CAUTION"
            case bad = "FAILS"
            case note = "NOTE"
        }

        var kind: Kind
        var text: String

        init(_ kind: Kind, _ text: String) { (self.kind, self.text) = (kind, text) }

        var markup: Markup {
            "<li><strong class='\("\(kind)")'>\(kind.rawValue)</strong> \(text)</li>"
        }
    }

    var title: String
    /// What the file is of: model, workload, box.
    var subtitle: String
    /// Origin, closure, disturbances, what to trust.
    var statements: [Statement]
    var figures: [Figure]
    /// Tables without a chart, each with its title.
    var tables: [(title: String, table: DataTable)] = []
    /// Warnings and assumptions of the file, one sentence each.
    var remarks: [String] = []

    /// - Parameter number: of the section in the page, from 1.
    func markup(_ number: Int) -> Markup {
        let figures = figures.enumerated().map { $0.element.markup("s\(number)f\($0.offset + 1)") }
        let tables = tables.map { "<h4>\($0.title)</h4>\($0.table.markup)" as Markup }
        let remarks: Markup =
            remarks.isEmpty ? "" : "<h4>Remarks</h4><ul>\(remarks.map { "<li>\($0)</li>" as Markup })</ul>"
        return """
            <section id='s\(number)'><h2>\(title)</h2><p class='sub'>\(Markup.lines(subtitle))</p>
            <ul class='statements'>\(statements.map(\.markup))</ul>
            \(figures)\(tables)\(remarks)</section>

            """
    }
}
