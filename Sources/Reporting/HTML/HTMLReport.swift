import CollectedFiles
import SystemIO

/// A page about one or several of Kerf's files. It needs no network, no script and no other file.
///
/// The same files give the same bytes: the page has no time of its own.
package struct HTMLReport {
    private let title: String
    private let sources: [ReportSource]
    private let sections: [Section]
    /// On files that are needed and not there.
    private let remarks: [Section.Statement]

    /// - Parameter sources: in the order of the command line; the page has them in the order in which one is made from the
    ///   other.
    package init(_ sources: [ReportSource]) {
        let ordered = sources.enumerated().sorted {
            ($0.element.content.kind.place, $0.offset) < ($1.element.content.kind.place, $1.offset)
        }.map(\.element)
        self.sources = ordered
        let group = ReportGroup(ordered)
        sections = ordered.map { $0.section(in: group) }
        title = group.title
        remarks = group.statements
    }

    /// Titles of the sections and their verdicts, for a program that made the page.
    package var summary: [Summary] {
        zip(sources, sections).map { source, section in
            Summary(
                name: source.name, sha256: source.sha256, section: section.title, figures: section.figures.map(\.title),
                statements: section.statements.map { "\($0.kind.rawValue): \($0.text)" })
        }
    }

    /// The verdicts as text.
    package var verdictText: String {
        let all = [(title: title, statements: remarks)] + sections.map { ($0.title, $0.statements) }
        return all.map { title, statements in
            PlainText.shown(title) + "\n"
                + statements.map { "  \($0.kind.rawValue): \(PlainText.shown($0.text, limit: 1000))\n" }.joined()
        }.joined()
    }

    package struct Summary: Encodable, Sendable {
        package var name: String
        package var sha256: String
        package var section: String
        package var figures: [String]
        package var statements: [String]
    }

    package var text: String {
        let verdicts = sections.enumerated().map { place, section -> Markup in
            """
            <h3><a href='#s\(place + 1)'>\(section.title)</a></h3>
            <ul class='statements'>\(section.statements.map(\.markup))</ul>

            """
        }
        let page: Markup = """
            <!DOCTYPE html>
            <html lang='en'><head><meta charset='utf-8'/><meta name='viewport' content='width=device-width,initial-scale=1'/>
            <meta name='generator' content='Kerf \(KerfVersion.current)'/>
            <meta http-equiv='Content-Security-Policy' content="default-src 'none'; style-src 'unsafe-inline'"/>
            <title>\(title)</title><style>\(trusted: ReportStyle.sheet)</style></head><body>
            <header><h1>\(title)</h1><p class='sub'>What was found, what it rests on, and how far it can be trusted.</p></header>
            <main><section id='verdict'><ul class='statements'>\(remarks.map(\.markup))</ul>
            \(verdicts)</section>
            \(sections.enumerated().map { $0.element.markup($0.offset + 1) })</main>
            \(footer)</body></html>

            """
        return page.html
    }

    private var footer: Markup {
        var table = DataTable([
            .init("file", isText: true), .init("kind", field: "schema", isText: true),
            .init("made by Kerf", field: "kerf_version", isText: true), .init("SHA-256 of its bytes", isText: true),
        ])
        for source in sources {
            table.append([source.name, source.content.kind.schema, source.content.kind.kerfVersion, source.sha256])
        }
        return """
            <footer><h2>Files and citation</h2>
            <p>Every number on this page is in one of these files, in the field that the table's header names, or is computed \
            from them where a column names none. Intervals are 95 % where nothing else is said. <code>n/a</code> is a value that was not measured; it is never zero.</p>
            \(table.markup)<pre>\(bibliography)</pre></footer>
            """
    }

    private var bibliography: Markup {
        """
        @software{kerf,
          title  = {Kerf: what each layer of a transformer costs on the box it runs on},
          author = {{The Kerf developers}},
          note   = {version \(KerfVersion.current)}
        }
        @article{card2025,
          title   = {Energy-Efficient Split Learning for Fine-Tuning Large Language Models in Edge Networks},
          author  = {Li, Zuguang and Wu, Shaohua and Li, Liang and Zhang, Songge},
          journal = {IEEE Networking Letters},
          volume  = {7},
          number  = {3},
          year    = {2025},
          note    = {arXiv:2412.00090}
        }
        """
    }
}
