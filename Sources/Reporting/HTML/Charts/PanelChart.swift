/// Several plots over one horizontal axis, such as time, with parts of it that are marked across all of them.
struct PanelChart: Sendable {
    struct Panel: Sendable {
        var y: Axis
        var series: [Series]
        var height = 96.0
    }

    var x: Axis
    var panels: [Panel]
    var bands: [Plot.Band] = []

    var height: Double { panels.reduce(Frame.margins.bottom) { $0 + $1.height } }

    var drawing: Markup {
        let times = panels.flatMap(\.series).flatMap(\.horizontalValues) + bands.flatMap { [$0.left, $0.right] }
        let scale = x.scale(times, from: Frame.left, to: Frame.right)
        var top = 0.0
        let plots = panels.enumerated().map { place, panel -> Markup in
            let isLast = place == panels.count - 1
            var plot = Plot(x: x, y: panel.y, series: panel.series, bands: bands)
            plot.height = panel.height + (isLast ? Frame.margins.bottom - 8 : 0)
            defer { top += panel.height }
            return plot.drawing(top: top, shared: scale, showsHorizontalAxis: isLast)
        }
        return "\(plots)"
    }
}
