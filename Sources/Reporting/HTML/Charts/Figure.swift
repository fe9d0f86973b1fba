/// A chart with its title, what it shows in words, and the same numbers as a table.
struct Figure: Sendable {
    var title: String
    /// What is shown and what it says, one to three sentences.
    var description: String
    var height: Double
    var drawing: Markup
    var legend: [Markup]
    var table: DataTable

    init(_ title: String, _ description: String, _ plot: Plot, _ table: DataTable) {
        self.init(
            title, description, height: plot.height, plot.drawing,
            legend: plot.series.filter { !$0.name.isEmpty }.map(\.legend), table)
    }

    init(_ title: String, _ description: String, _ bars: StackedBars, _ table: DataTable) {
        self.init(title, description, height: bars.height, bars.drawing, legend: bars.legend, table)
    }

    init(_ title: String, _ description: String, _ bars: NamedBars, _ table: DataTable) {
        self.init(title, description, height: bars.height, bars.drawing, legend: [], table)
    }

    init(_ title: String, _ description: String, _ panels: PanelChart, legend: [Markup] = [], _ table: DataTable) {
        let series = panels.panels.flatMap(\.series).filter { !$0.name.isEmpty }
        self.init(
            title, description, height: panels.height, panels.drawing, legend: series.map(\.legend) + legend, table)
    }

    private init(
        _ title: String, _ description: String, height: Double, _ drawing: Markup, legend: [Markup], _ table: DataTable
    ) {
        (self.title, self.description, self.height) = (title, description, height)
        (self.drawing, self.legend, self.table) = (drawing, legend, table)
    }

    /// - Parameter identifier: unique in the page.
    func markup(_ identifier: String) -> Markup {
        let legend: Markup = legend.count > 1 ? "<ul class='legend'>\(legend)</ul>" : ""
        return """
            <figure id='\(identifier)'><h4>\(title)</h4><p>\(Markup.lines(description))</p>\(legend)
            <svg viewBox='0 0 \(at: Frame.width) \(at: height)' role='img' \
            aria-labelledby='\(identifier)-t \(identifier)-d'><title id='\(identifier)-t'>\(title)</title>\
            <desc id='\(identifier)-d'>\(Markup.lines(description, separator: " "))</desc>\(drawing)</svg>
            <details><summary>The numbers of this chart</summary>\(table.markup)</details></figure>

            """
    }
}
